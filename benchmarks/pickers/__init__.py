"""The judge of pickers: records that training never sees, one chain for every picker, paired differences."""

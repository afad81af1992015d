"""Threads that decode a type for the first time at once get it, as any thread later does."""

import subprocess
import sys

AT_ONCE = """
import sys, threading
from wadati.bus.messages import EventMessage
from wadati.model import Event, Origin, decode_json, encode_json

sys.setswitchinterval(1e-6)
event = Event("wd1", (Origin.of(0, 35.0, -117.0, 8000.0),))
whole = EventMessage(event_id="wd1", version=1, state="final", event=event, released=True)
data, gate, found = encode_json(whole), threading.Barrier(8), []


def decode():
    gate.wait()
    found.append(decode_json(data, EventMessage))


threads = [threading.Thread(target=decode) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert found == 8 * [whole]
"""


def test_threads_that_decode_a_type_for_the_first_time_at_once_all_get_it() -> None:
    # msgspec alone crashes in some of these processes.
    for _ in range(8):
        done = subprocess.run([sys.executable, "-c", AT_ONCE], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

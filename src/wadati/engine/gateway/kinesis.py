"""What is in the spool to an Amazon Kinesis stream, keyed by station so that each keeps to one shard."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from wadati.engine.gateway.forwarder import Forwarder, Say
from wadati.engine.gateway.spool import Spool
from wadati.formats.miniseed_headers import station_of
from wadati.sources.kinesis import kinesis_client

_MOST = 500


class KinesisForwarder(Forwarder):
    """Sends to `kinesis://STREAM?region=NAME&endpoint=URL`; what Kinesis has taken is safe there.

    Where it is in the spool is not asked of the other side but kept in the spool.
    """

    def __init__(self, spool: Spool, url: str, bytes_a_second: float, say: Say) -> None:
        parts = urlsplit(url)
        super().__init__(spool, url, bytes_a_second, say)
        self._stream = parts.netloc
        self._client: Any = kinesis_client(self._stream, dict(parse_qsl(parts.query)))
        self.done = spool.done(url)

    def once(self) -> float:
        """As `Forwarder.once`."""
        first, records = self.spool.read(self.done, self.portion)
        if not records:
            return self.idle_s
        waiting = records[:_MOST]
        size = sum(map(len, waiting))
        count = len(waiting)
        while waiting:
            items = [{"Data": record, "PartitionKey": ".".join(station_of(record) or ("", ""))} for record in waiting]
            try:
                answer = self._client.put_records(StreamName=self._stream, Records=items)
            except Exception as error:  # boto3 makes its exceptions as it runs
                raise ConnectionError(str(error).partition("\n")[0]) from error
            waiting = [record for record, told in zip(waiting, answer["Records"], strict=True) if told.get("ErrorCode")]
            if len(waiting) == len(items):
                raise ConnectionError(answer["Records"][0].get("ErrorMessage", "refused"))
        self.sent += count
        self.done = first + count
        self.spool.note_done(self.url, self.done)
        return size / self.rate

    def failed(self) -> None:
        """Nothing: what was taken is known here."""

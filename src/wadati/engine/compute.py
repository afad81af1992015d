"""Where work is done: `[compute]` of a Flow, the same for campaigns and for seismograms; `engine` names it."""

from __future__ import annotations

from typing import Any

import msgspec

from wadati.errors import UsageError


class Local(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="local", tag_field="engine"):
    """Processes of this machine."""


class Dask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dask", tag_field="engine"):
    """The workers of a Dask cluster (extra `wadati[cluster]`).

    `scheduler` is the address of a cluster that is there, whose workers are used as they come. Without one a cluster
    is started and ended again: on this machine, or of the class named by `cluster` (`dask_jobqueue.SLURMCluster`,
    `dask_kubernetes.operator.KubeCluster`), made with the keywords in `options`. It has as many workers as the Flow
    says, or with a `maximum` between `minimum` and that, as work comes. `resources` are what a worker must have to be
    given work, by its tags (`{GPU = 1}`).

    For seismograms, another worker is started while a piece of work has waited longer than `response_s`, and one beyond
    the minimum is ended when it has had nothing to do for `idle_s` and is `age_s` old (s).

    >>> Dask(scheduler="tcp://10.0.0.1:8786").is_elastic
    False
    """

    scheduler: str = ""
    cluster: str = ""
    options: dict[str, Any] = {}
    minimum: int = 0
    maximum: int | None = None
    resources: dict[str, float] = {}
    response_s: float = 10.0
    idle_s: float = 60.0
    age_s: float = 300.0

    def __post_init__(self) -> None:
        own = [name for name in ("cluster", "options", "minimum", "maximum") if getattr(self, name)]
        if self.scheduler and own:
            raise UsageError(f"scheduler and {own[0]} exclude each other: a cluster that is there is used as it is")
        if self.minimum < 0 or (self.maximum is not None and self.maximum < max(self.minimum, 1)):
            raise UsageError("minimum and maximum are numbers of workers, 0 ≤ minimum ≤ maximum and 1 ≤ maximum")
        if self.minimum and self.maximum is None:
            raise UsageError("minimum needs a maximum; workers of the Flow says how many there are always")

    @property
    def is_elastic(self) -> bool:
        """Whether workers come and go with the work."""
        return self.maximum is not None


class AwsBatch(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="aws-batch", tag_field="engine"
):
    """Arrays of jobs on AWS Batch (extra `wadati[aws]`), for campaigns.

    `queue` takes them; `jobs` is the beginning of the names of the job definitions, which end with `-pick`,
    `-associate` and `-finish` (see `deploy/terraform/aws`); `region` that of both (default: that of the environment).
    """

    queue: str
    jobs: str = "wadati"
    region: str | None = None


Compute = Local | Dask | AwsBatch

"""What every section of `kdiag.yaml` has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Unknown names are faults, and nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

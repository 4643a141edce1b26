"""The windows and limits of following notices; every one is a default of ours, none is from a rule."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field


class NoticeSettings(BaseModel):
    """When posts are one notice, what a receipt counts for, when a roll-call is redundant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repeat_hours: float = Field(
        default=72, gt=0, description="a repeat this long after a notice's first post is the same notice"
    )
    ack_hours: float = Field(
        default=24, gt=0, description="a receipt without a quote counts for a notice posted this long before"
    )
    material_days: float = Field(
        default=30,
        gt=0,
        description="the same material demanded again within this time is multiple reporting",
    )
    share: float = Field(
        default=0.5, gt=0, le=1, description="a roll-call is redundant when this share was already asked"
    )
    follow_up_minutes: float = Field(
        default=10,
        ge=0,
        description="a bare 收到请回复 belongs to its sender's notice posted this long before",
    )

    @property
    def repeat_window(self) -> timedelta:
        """How long after a notice's first post a repeat is still that notice."""
        return timedelta(hours=self.repeat_hours)

    @property
    def ack_window(self) -> timedelta:
        """How long after a post an unquoted receipt still counts for it."""
        return timedelta(hours=self.ack_hours)

    @property
    def material_window(self) -> timedelta:
        """How long the same material asked again is multiple reporting."""
        return timedelta(days=self.material_days)

    @property
    def follow_up_window(self) -> timedelta:
        """How long after a notice a bare roll-call of its sender belongs to it."""
        return timedelta(minutes=self.follow_up_minutes)

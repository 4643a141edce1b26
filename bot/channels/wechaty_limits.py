"""The patience of the Wechaty channel, in one place."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class WechatyLimits:
    """Deadlines in seconds, lifetimes of what is cached, and sizes."""

    call_deadline: float = 10.0
    send_deadline: float = 30.0
    ding_every: float = 3.0
    ding_deadline: float = 3.0
    mute_after: int = 5  # dings answered without any event, from a gateway that used to send one for each
    login_patience: float = 6.0  # then the gateway's puppet is started, later stopped and started
    restart_patience: float = 30.0
    restarts: int = 3  # stop and start, per login
    reconnect_first: float = 0.2
    reconnect_cap: float = 4.0  # with a connect of 3 s still within 10 s of the gateway's return
    payload_attempts: int = 5
    payload_pause: float = 0.05  # doubled after every attempt
    room_lifetime: timedelta = timedelta(minutes=10)
    contact_lifetime: timedelta = timedelta(hours=12)
    cached_rooms: int = 2_000
    cached_contacts: int = 50_000
    concurrent_lookups: int = 16
    rooms_per_second: int = 5  # of the groups known at login: their members are asked for, too
    file_bytes: int = 3_000_000  # as base64 still within the 4 MB that gRPC takes by default

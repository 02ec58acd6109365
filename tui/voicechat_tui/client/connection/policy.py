"""Every limit of the clients, with its reason."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ConnectionPolicy:
    """How long a client waits for its server, and how often it tries.

    Attributes:
        open_s: The longest an opening handshake, or the answer to it, may take.
        ping_after_s: Silence of the server after which it is pinged.
        measures: Whether it is pinged so often in any case, to measure the network.
        dead_after_s: Silence after which the connection is considered dead. It allows for a server that reads
            nothing while it works through what it has.
        check_s: How often silence is checked for.
        unreachable_s: How long the client tries a server it has never reached: one that is being started
            answers within two seconds, and one that is not there should be reported soon.
        not_ready_s: How long the client waits for a server that is still loading its model.
        lost_s: How long the client tries to resume a lost connection. Twice what a server keeps a stream, for
            a server that is restarted meanwhile.
        busy_tries: How often a full server is asked again.
        busy_wait_s: What to wait between, where a full server does not say.
        stable_s: A connection that lasted so long ends an outage, so that the next one gets its whole time.
        first_delay_s: The delay before the first new attempt; each further one doubles it.
        longest_delay_s: The longest delay between attempts that the client chooses.
        longest_asked_s: The longest delay a server may ask for.
    """

    open_s: float = 10.0
    ping_after_s: float = 10.0
    measures: bool = False
    dead_after_s: float = 30.0
    check_s: float = 1.0
    unreachable_s: float = 5.0
    not_ready_s: float = 60.0
    lost_s: float = 60.0
    busy_tries: int = 5
    busy_wait_s: float = 2.0
    stable_s: float = 10.0
    first_delay_s: float = 0.25
    longest_delay_s: float = 8.0
    longest_asked_s: float = 30.0

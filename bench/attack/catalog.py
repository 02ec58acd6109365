"""All attacks."""

from bench.attack import (
    descriptors,
    floods,
    fuzz,
    heads,
    requests,
    rooms,
    silent,
    sockets,
    streams,
    unfinished,
)

ATTACKS = (
    *floods.ATTACKS,
    *rooms.ATTACKS,
    *heads.ATTACKS,
    *unfinished.ATTACKS,
    *silent.ATTACKS,
    *requests.ATTACKS,
    *streams.ATTACKS,
    *sockets.ATTACKS,
    *fuzz.ATTACKS,
    *descriptors.ATTACKS,
)

BY_NAME = {attack.name: attack for attack in ATTACKS}

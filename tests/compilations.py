"""Programs that XLA is asked to compile, those found in a cache of other processes included."""

from contextlib import contextmanager

import jax.monitoring

EVENT = "/jax/core/compile/backend_compile_duration"


@contextmanager
def compilations():
    """A list that fills with the names of the functions compiled while it is open."""
    found = []

    def listen(event, seconds, **about):
        if event == EVENT:
            found.append(about.get("fun_name"))

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield found
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)

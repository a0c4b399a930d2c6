"""Starts ministack with every request taken for one over TLS.

It listens without, and would otherwise refuse what policies allow over TLS only. It takes its settings from the
environment, as `ministack` does.
"""

from ministack import app

pin_request_origin = app.pin_request_origin


def pin_secure_origin(source_ip, secure_transport):
    pin_request_origin(source_ip, True)


if __name__ == "__main__":
    app.pin_request_origin = pin_secure_origin
    app.main()

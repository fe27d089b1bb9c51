"""Answer clients that send CBOR, which the local AWS doesn't read, with the setting that makes them send JSON."""

from collections.abc import Iterable

from infra.local.wsgi import Environ, StartResponse, WsgiApp

CONTENT_TYPE = "application/x-amz-cbor-1.1"
CODE = "SerializationException"
MESSAGE = (
    "The local AWS reads JSON, not CBOR: set AWS_CBOR_DISABLE=true or -Dcom.amazonaws.sdk.disableCbor=true (SDK for "
    "Java 1), CBOR_ENABLED=false or -Daws.cborEnabled=false (SDK for Java 2) where the client runs."
)


class RefuseCbor:
    """A WSGI application around the local AWS.

    Source: the Java SDKs send Kinesis's requests as CBOR by default and read errors in the same encoding.
    """

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("CONTENT_TYPE", "").startswith(CONTENT_TYPE):
            return self._app(environ, start_response)
        body = encode({"__type": CODE, "message": MESSAGE})
        headers = [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(body)))]
        # Clients that can't read the body, and people with curl, find it here.
        headers += [("x-amzn-ErrorType", CODE), ("x-amzn-error-message", MESSAGE)]
        start_response("400 Bad Request", headers)
        return [body]


def encode(texts: dict[str, str]) -> bytes:
    """A map of texts, fewer than 24, as CBOR. Source: RFC 8949, section 3.1, major types 3 and 5."""
    parts = [bytes([0xA0 + len(texts)])]
    for text in (text for pair in texts.items() for text in pair):
        raw = text.encode()
        parts += [_length(len(raw)), raw]
    return b"".join(parts)


def _length(length: int) -> bytes:
    if length < 24:
        return bytes([0x60 + length])
    return b"\x78" + bytes([length]) if length < 256 else b"\x79" + length.to_bytes(2, "big")

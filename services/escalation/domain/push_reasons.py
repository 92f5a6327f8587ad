"""Beginnings of the reasons why a push service accepts no message, until an operator changes something."""

REFUSES_IDENTITY = "the push service refused the signature of PUSH_KEY"
REFUSES_REQUEST = "the push service refused the request"
IS_NOT_TRUSTED = "the push service's certificate is not trusted"
CANNOT_ENCRYPT = "encryption with the push service failed"
HAS_PRIVATE_ADDRESS = "the push service's name has an address inside a private network"
PROXY_REFUSES = "the proxy of PUSH_PROXY refused the connection"
PROXY_IS_NOT_TRUSTED = "the certificate of the proxy of PUSH_PROXY is not trusted"
CANNOT_ENCRYPT_TO_PROXY = "encryption with the proxy of PUSH_PROXY failed"

STANDING = (
    REFUSES_IDENTITY,
    REFUSES_REQUEST,
    IS_NOT_TRUSTED,
    CANNOT_ENCRYPT,
    HAS_PRIVATE_ADDRESS,
    PROXY_REFUSES,
    PROXY_IS_NOT_TRUSTED,
    CANNOT_ENCRYPT_TO_PROXY,
)

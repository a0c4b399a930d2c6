"""Tokens that callers show: of a user pool of the app, of an issuer of others, or of somebody who forges them."""

import base64
import json
import time
import urllib.parse
import urllib.request

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

# The path of the issuer at the web server of others.
ISSUER = "/issuer"
KEY_ID = "1"


class Issuer:
    """Signs tokens, and shows the key to check them with."""

    def __init__(self, url):
        self.url = url + ISSUER
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def document(self, path):
        """What is to be found at a path of the web server, or None."""
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": KEY_ID}
        key |= {"n": _number(numbers.n), "e": _number(numbers.e)}
        return {
            f"{ISSUER}/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            f"{ISSUER}/keys": {"keys": [key]},
        }.get(path)

    def sign(self, claims):
        now = int(time.time())
        claims = {"iss": self.url, "sub": "somebody", "iat": now, "exp": now + 600} | claims
        parts = [{"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}, claims]
        text = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
        return f"{text}.{_encoded(self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def token(said, emulator, issuer):
    """The token that an event is sent with: whose it is `by`, and what it claims."""
    claims = dict(said)
    by = claims.pop("by")
    if by == "pool":
        return _of_pool(emulator, claims["scope"])
    return (issuer if by == "issuer" else _forger(issuer)).sign(claims)


def _forger(issuer):
    forger = Issuer("")
    forger.url = issuer.url
    return forger


def _of_pool(emulator, scope):
    """What the app's pool gives the app's client."""
    cognito = emulator.client("cognito-idp")
    [pool] = cognito.list_user_pools(MaxResults=10)["UserPools"]
    [known] = cognito.list_user_pool_clients(UserPoolId=pool["Id"])["UserPoolClients"]
    client = cognito.describe_user_pool_client(UserPoolId=pool["Id"], ClientId=known["ClientId"])["UserPoolClient"]
    asked = {
        "grant_type": "client_credentials",
        "client_id": client["ClientId"],
        "client_secret": client["ClientSecret"],
        "scope": scope,
    }
    request = urllib.request.Request(f"{emulator.url}/oauth2/token", data=urllib.parse.urlencode(asked).encode())
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["access_token"]


def _number(number):
    return _encoded(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _encoded(text):
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()

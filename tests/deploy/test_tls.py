"""Over ``rediss://``, a broker that cannot prove who it is gets nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from fractal_rmo.config.load import CHECKOUT, SHIPPED, load
from fractal_rmo.domain.errors import SettingsError
from tests.deploy.servers import TlsRedis, can_speak_tls, tls_redis

BOTH_SIDES = """
from fractal_rmo.adapters.bus.app import make_app
from fractal_rmo.adapters.bus.ping import broker_trouble
app = make_app()
print("broker:", broker_trouble(app) or "ok")
try:
    print("results:", app.backend.client.ping() and "ok")
except Exception as error:
    print("results:", error)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsRedis]:
    if not can_speak_tls():
        pytest.skip("there is no openssl, or no redis-server that speaks TLS, on PATH")
    with tls_redis(tmp_path_factory.mktemp("tls")) as found:
        yield found


def ask(url: str, **environment: str) -> tuple[str, str, str]:
    """What the broker's and the results' side say, and what was logged."""
    done = subprocess.run(
        [sys.executable, "-c", BOTH_SIDES],
        cwd=CHECKOUT,
        env={**os.environ, "REDIS_URL": url, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    broker, results = done.stdout.splitlines()
    return broker, results, done.stderr


def test_a_server_of_the_trusted_authority_is_used(server: TlsRedis) -> None:
    broker, results, logged = ask(server.url, REDIS_TLS_CA=str(server.authority))
    assert (broker, results, logged) == ("broker: ok", "results: ok", "")


@pytest.mark.slow
@pytest.mark.parametrize("trusted", ["the machine's", "a stranger's"])
def test_a_server_of_another_authority_is_refused(server: TlsRedis, trusted: str) -> None:
    given = {} if trusted == "the machine's" else {"REDIS_TLS_CA": str(server.stranger)}
    broker, results, _ = ask(server.url, **given)
    assert "CERTIFICATE_VERIFY_FAILED" in broker
    assert "CERTIFICATE_VERIFY_FAILED" in results


def test_a_server_under_another_name_is_refused(server: TlsRedis) -> None:
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    broker, results, _ = ask(elsewhere, REDIS_TLS_CA=str(server.authority))
    assert "not valid for 'localhost'" in broker
    assert "not valid for 'localhost'" in results


def test_trusting_whoever_answers_is_possible_and_logged(server: TlsRedis) -> None:
    broker, results, logged = ask(server.url, REDIS_TLS_VERIFY="none")
    assert (broker, results) == ("broker: ok", "results: ok")
    assert "REDIS_TLS_VERIFY is 'none'" in logged


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"REDIS_TLS_VERIFY": "no"}, "REDIS_TLS_VERIFY"),
        ({"REDIS_TLS_CA": "/nowhere.pem"}, "/nowhere.pem"),
        ({"REDIS_URL": "rediss://host/0?ssl_cert_reqs=none"}, "ssl_"),
    ],
)
def test_no_other_spelling_turns_verification_off(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load(SHIPPED, given)

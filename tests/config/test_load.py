from __future__ import annotations

from pathlib import Path

import pytest

from fractal_rmo.config.load import SHIPPED, load
from fractal_rmo.domain.errors import SettingsError


def write(folder: Path, text: str) -> Path:
    (folder / "default.yaml").write_text(text)
    return folder


def test_without_any_setting_the_servers_are_embedded() -> None:
    settings = load(SHIPPED, {})
    assert (settings.database.address, settings.redis.address) == ("", "")
    assert settings.limits.max_retries == 3


@pytest.mark.parametrize("name", ["DATABASE_URL", "DB_URL"])
@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_spelling_of_the_database_names_the_driver(name: str, scheme: str) -> None:
    settings = load(SHIPPED, {name: f"{scheme}://u:p@host/db"})
    assert settings.database.address == "postgresql+psycopg2://u:p@host/db"


def test_the_parts_of_an_address_are_quoted() -> None:
    settings = load(SHIPPED, {"DB_HOST": "db", "DB_USER": "me", "DB_PASSWORD": "a:b@c/d"})
    address = "postgresql+psycopg2://me:a%3Ab%40c%2Fd@db:5432/fractal_rmo"
    assert settings.database.address == address


def test_production_lies_over_the_defaults() -> None:
    settings = load(SHIPPED, {"FRACTAL_ENVIRONMENT": "production"})
    assert (settings.system.environment, settings.agents.analyzer.count) == ("production", 10)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limits: {max_retrys: 1}", "FR502 'limits.max_retrys'; near: max_retries"),
        ("limits: {max_retries: many}", "FR501 'limits.max_retries' is 'many'"),
        ("limits: {max_retries: -1}", "FR501"),
        ("limits: 3", "FR501 'limits' must be a section"),
        ("system: {name: '${NOT_SET_ANYWHERE}'}", "needs the variable NOT_SET_ANYWHERE"),
        ("a: [", "is no YAML"),
    ],
)
def test_what_cannot_be_used_is_named(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load(write(tmp_path, text), {})
    assert said in str(refused.value)


def test_a_variables_content_adds_no_keys(tmp_path: Path) -> None:
    folder = write(tmp_path, "system: {name: '${NAME}'}")
    evil = "x'}\nlimits: {max_retries: 99}"
    settings = load(folder, {"NAME": evil})
    assert (settings.system.name, settings.limits.max_retries) == (evil, 3)


SPECIFIED = """
system: {name: fractal-rmo, environment: production, log_level: INFO}
agents:
  analyzer: {count: 10, model: claude-3-opus, max_tokens: 4000, temperature: 0.3}
  executor: {count: 5, model: gpt-4, max_tokens: 8000, temperature: 0.5}
database:
  {host: "${DB_HOST}", port: 5432, name: fractal_rmo, user: "${DB_USER}",
   password: "${DB_PASSWORD}", pool_size: 20}
redis: {host: "${REDIS_HOST}", port: 6379, password: "${REDIS_PASSWORD}", db: 0}
learning:
  {min_errors_for_pattern: 5, confidence_threshold: 0.75, update_frequency: hourly,
   a_b_test_duration: 24h}
limits:
  {max_task_duration: 300, max_tokens_per_task: 50000, max_cost_per_task: 5.0, max_retries: 3}
monitoring: {metrics_port: 9090, log_retention: 30d, alert_webhook: "${ALERT_WEBHOOK}"}
"""


def test_a_file_of_the_specifications_form_is_read(tmp_path: Path) -> None:
    names = ("DB_HOST", "DB_USER", "DB_PASSWORD", "REDIS_HOST", "REDIS_PASSWORD", "ALERT_WEBHOOK")
    settings = load(write(tmp_path, SPECIFIED), {name: name.lower() for name in names})
    assert settings.redis.address == "redis://:redis_password@redis_host:6379/0"
    assert (settings.agents.executor.model, settings.agents.executor.temperature) == ("gpt-4", 0.5)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DATABASE_URL": "garbage"}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://a/b"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://h:notaport/x"}, "DATABASE_URL"),
        ({"REDIS_URL": "amqp://a"}, "REDIS_URL"),
        ({"FRACTAL_ENVIRONMENT": "prodction"}, "config/prodction.yaml"),
        ({"FRACTAL_LOG_LEVEL": "LOUD"}, "DEBUG, INFO"),
    ],
)
def test_what_the_environment_gets_wrong_is_named(environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match="FR501") as refused:
        load(SHIPPED, environment)
    assert said in str(refused.value)


def test_a_secret_in_a_wrong_address_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as refused:
        load(SHIPPED, {"REDIS_URL": "amqp://user:hunter2@host"})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "pipeline: {lease_s: 0}",
        "pipeline: {slice_s: 31}",
        "agents: {executor: {count: 0}}",
        "limits: {max_task_duration: .inf}",
    ],
)
def test_settings_that_cannot_work_are_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FR501"):
        load(write(tmp_path, text), {})


def test_vendors_variables_are_endpoints_and_their_keys_are_never_shown() -> None:
    settings = load(SHIPPED, {"OPENAI_API_KEY": "sk-of-mine", "ANTHROPIC_BASE_URL": "http://a:1"})
    openai, anthropic = settings.models.configured
    assert (openai.key, openai.base_url, anthropic.base_url) == ("sk-of-mine", "", "http://a:1")
    assert "sk-of-mine" not in repr(settings)
    assert load(SHIPPED, {}).models.configured == ()


def test_a_vendors_own_address_is_never_free() -> None:
    """What is left of a local server's settings would make the vendor's calls uncounted."""
    with pytest.raises(SettingsError, match="free of the model endpoint 'openai'"):
        load(SHIPPED, {"OPENAI_API_KEY": "sk-of-mine", "OPENAI_FREE": "true"})


ENDPOINTS = """
models:
  endpoints:
    - {name: one, base_url: "http://127.0.0.1:8000/v1", model: llama, free: true, max_calls: 4}
    - {name: two, provider: anthropic, key: "${SECOND_KEY}", weight: 2}
  prices:
    - {model: llama, input: 0.1, output: 0.2}
"""


def test_several_endpoints_are_a_list(tmp_path: Path) -> None:
    models = load(write(tmp_path, ENDPOINTS), {"SECOND_KEY": "sk-2"}).models
    one, two = models.configured
    assert (one.provider, one.free, one.max_calls, two.key, two.weight) == (
        "openai",
        True,
        4,
        "sk-2",
        2.0,
    )
    assert models.prices[0].output == 0.2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models: {endpoints: {name: one}}", "FR501 'models.endpoints' must be a list"),
        ("models: {endpoints: [{nam: one}]}", "FR502 'models.endpoints[0].nam'; near: name"),
        ("models: {endpoints: [{name: one}, {name: one}]}", "twice or unnamed"),
        ("models: {endpoints: [{name: one, provider: mine}]}", "openai, anthropic, simulated"),
        ("models: {endpoints: [{name: one, base_url: 'ftp://x'}]}", "https://…"),
        ("models: {endpoints: [{name: one, weight: 0}]}", "more than 0"),
        ("models: {endpoints: [{name: one, timeout_s: 900}]}", "0 to 300"),
        ("models: {endpoints: [{name: one, key: k, free: true}]}", "a base_url beside it"),
        ("models: {prices: [{model: ours}]}", "models.prices of 'ours'"),
        ("models: {prices: [{model: ours, input: 3}]}", "more than 0"),
        ("models: {simulated: {failure_rate: 2}}", "0 to 1"),
    ],
)
def test_what_is_wrong_with_an_endpoint_is_named(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load(write(tmp_path, text), {})
    assert said in str(refused.value)

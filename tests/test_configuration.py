"""Where settings come from, and what their text means."""

from __future__ import annotations

import pickle
from datetime import timedelta

import pytest

from prefect_results import configuration
from prefect_results.configuration import (
    Config,
    create_user_config,
    interpolate_env_vars,
    load_configuration,
    process_task_defaults,
    set_temporary_config,
    string_to_type,
    to_environment_variables,
)
from prefect_results.context import context
from prefect_results.exceptions import ConfigurationError

TEMPLATE = """
debug = false

[general]
x = 1
y = "hi"

    [general.nested]
    x = "${general.x}"
    x_interpolated = "${general.x} + 1"
    y = "${general.y} or bye"

[interpolation]
key = "${general.nested.x}"
value = "${general.nested.y}"
unknown = "${general.nothing}"
bad_value = "${general.bad"

[logging]
format = "log-format"

[env_vars]
from_env = "${H4_ENV1}"
twice = "$H4_ENV2"
cycle = "${env_vars.cycle}"

[secrets]
password = "1234"
very_private = "abc"
"""


@pytest.fixture
def path(tmp_path):
    """A file of settings."""
    file = tmp_path / "config.toml"
    file.write_text(TEMPLATE)
    return str(file)


@pytest.fixture
def loaded(path, monkeypatch):
    """The settings of the file with some environment variables set."""
    monkeypatch.setenv("PREFECT_TEST__ENV_VARS__NEW_KEY", "TEST")
    monkeypatch.setenv("PREFECT_TEST__ENV_VARS__SUB__KEY", "TEST")
    monkeypatch.setenv("PREFECT_TEST__ENV_VARS__TRUE", "true")
    monkeypatch.setenv("PREFECT_TEST__ENV_VARS__FALSE", "FALSE")
    monkeypatch.setenv("PREFECT_TEST__ENV_VARS__INT", "10")
    monkeypatch.setenv("PREFECT_TEST__ENV_VARS__FLOAT", "7.5")
    monkeypatch.setenv("PREFECT_TEST__ENV_VARS__NEGATIVE", "-10")
    monkeypatch.setenv("PREFECT_TEST__ENV_VARS__LIST", "[1, '2']")
    monkeypatch.setenv("PREFECT_TEST__ENV_VARS__NONE", "None")
    monkeypatch.setenv("PREFECT_TEST__ENV_VARS__ESCAPED", r"a\nb")
    monkeypatch.setenv("PREFECT_TEST__CONTEXT__SECRETS__AWS_KEY", "Hidden")
    monkeypatch.setenv("H4_ENV1", "ENV 1")
    monkeypatch.setenv("H4_ENV2", "$H4_ENV3")
    monkeypatch.setenv("H4_ENV3", "5")
    return load_configuration(path, env_var_prefix="PREFECT_TEST")


def test_keys_nested_keys_and_types(loaded):
    """Values have the types of TOML and are reached as attributes and as items."""
    assert loaded.debug is False
    assert loaded.general.x == 1
    assert loaded["general"]["nested"]["y"] == "hi or bye"
    with pytest.raises(AttributeError):
        loaded.nothing
    with pytest.raises(KeyError):
        loaded["nothing"]


def test_references_are_followed(loaded):
    """A whole reference keeps the type, a part is text, an unknown one is empty."""
    assert loaded.general.nested.x == 1
    assert loaded.general.nested.x_interpolated == "1 + 1"
    assert loaded.interpolation.key == 1
    assert loaded.interpolation.value == "hi or bye"
    assert loaded.interpolation.unknown == ""
    assert loaded.interpolation.bad_value == "${general.bad"


def test_reference_to_itself_ends(loaded):
    """A cycle of references is given up, not followed for ever."""
    assert loaded.env_vars.cycle == "${env_vars.cycle}"


def test_environment_variables_add_and_override_keys(loaded):
    """PREFIX__SECTION__KEY sets a key, with a type that its text tells."""
    env = loaded.env_vars
    assert env.new_key == env["sub"]["key"] == "TEST"
    assert env["true"] is True
    assert env["false"] is False
    assert (env.int, env.float, env.negative) == (10, 7.5, -10)
    assert env.list == [1, "2"]
    assert env.none is None
    assert env.escaped == r"a\nb"


def test_variables_inside_values(loaded):
    """A value may name an environment variable, which may name another."""
    assert loaded.env_vars.from_env == "ENV 1"
    assert loaded.env_vars.twice == 5


def test_value_cannot_be_a_section_too(path, monkeypatch):
    """A variable that puts a key below a value is an error that names the key."""
    monkeypatch.setenv("PREFECT_TEST__DEBUG__DEEPER", "1")
    with pytest.raises(ConfigurationError, match=r"debug\.deeper"):
        load_configuration(path, env_var_prefix="PREFECT_TEST")


def test_secrets_keep_their_capitals(loaded):
    """The name of a secret is not lowered."""
    assert loaded.context.secrets == {"AWS_KEY": "Hidden"}


def test_user_file_is_merged_before_references(path, tmp_path):
    """A user's file overrides single keys, and references see them."""
    user = tmp_path / "user.toml"
    user.write_text('[general]\nx = 2\n[user]\nfoo = "bar"\n[extra]\nkey = "${user.foo}"\n')
    config = load_configuration(path, user_config_path=str(user))
    assert config.general.x == 2
    assert config.general.y == "hi"
    assert config.interpolation.key == 2
    assert config.extra.key == "bar"
    assert load_configuration(path, user_config_path=str(tmp_path / "none")).general.x == 1


@pytest.mark.parametrize("key", ["keys", "update", "get"])
def test_key_must_not_hide_a_method(tmp_path, key):
    """A key that is named like a method of Config is refused, at any depth."""
    file = tmp_path / "config.toml"
    file.write_text(f'[outer.{key}]\na = "b"\n')
    with pytest.raises(ValueError, match=f'Invalid config key: "{key}"'):
        load_configuration(str(file))


def test_broken_file_is_named(tmp_path):
    """What is no TOML is an error that says which file."""
    file = tmp_path / "broken.toml"
    file.write_text("[")
    with pytest.raises(ConfigurationError, match=r"broken\.toml") as info:
        load_configuration(str(file))
    assert info.value.__cause__ is not None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("TrUe", True),
        ("False", False),
        ("1", 1),
        ("0", 0),
        ("007", "007"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("-1", -1),
        ("127.0.0.1", "127.0.0.1"),
        ("4200", 4200),
        ("'quoted'", "quoted"),
        ("b'x'", b"x"),
        ("{'a': 1}", {"a": 1}),
        ("[]", []),
        ("[1] # one", [1]),
        ("(1, None)", (1, None)),
        ("set()", set()),
        ("None", None),
        ("none", "none"),
        ("[%(asctime)s] %(message)s", "[%(asctime)s] %(message)s"),
        ("http://x:1/graphql", "http://x:1/graphql"),
        ("a word", "a word"),
        ("", ""),
        (" 5", 5),
        ("1 + 1", "1 + 1"),
    ],
)
def test_string_to_type(text, value):
    """Text becomes the Python literal that it is, else it stays text."""
    assert string_to_type(text) == value
    assert type(string_to_type(text)) is type(value)


def test_interpolate_env_vars(monkeypatch):
    """Variables and home folders are expanded to the end; other values come back."""
    monkeypatch.setenv("HOME", "/somewhere")
    monkeypatch.setenv("H4_A", "$H4_B")
    monkeypatch.setenv("H4_B", "true")
    monkeypatch.setenv("H4_LOOP", "$H4_LOOP-")
    assert interpolate_env_vars("~/x") == "/somewhere/x"
    assert interpolate_env_vars("$H4_A") is True
    assert interpolate_env_vars("$H4_LOOP") is None
    assert interpolate_env_vars(5) == 5
    assert interpolate_env_vars("") == ""


def test_create_user_config(tmp_path):
    """The defaults are copied to a new file, never over an old one."""
    dest = tmp_path / "folder" / "config.toml"
    create_user_config(str(dest))
    assert load_configuration(str(dest)).logging.level == "INFO"
    with pytest.raises(ValueError, match="File already exists"):
        create_user_config(str(dest))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (0, None, None)),
        ({"max_retries": False, "retry_delay": False, "timeout": False}, (0, None, None)),
        ({"max_retries": 3, "retry_delay": 4, "timeout": 5}, (3, timedelta(seconds=4), 5)),
        ({"max_retries": None, "retry_delay": timedelta(1)}, (0, timedelta(1), None)),
    ],
)
def test_process_task_defaults(given, expected):
    """False stands for "not set"; seconds become a timedelta."""
    defaults = process_task_defaults(Config(tasks={"defaults": given})).tasks.defaults
    assert (defaults.max_retries, defaults.retry_delay, defaults.timeout) == expected


def test_to_environment_variables():
    """Settings become variables; some of them if some are asked for."""
    config = Config(key="value", section={"x": 1, "sub": {"y": True}})
    assert to_environment_variables(config) == {
        "PREFECT__KEY": "value",
        "PREFECT__SECTION__X": "1",
        "PREFECT__SECTION__SUB__Y": "True",
    }
    assert to_environment_variables(config, include={"section.sub.y"}, prefix="P") == {
        "P__SECTION__SUB__Y": "True"
    }


def test_config_converts_copies_and_pickles():
    """Dictionaries put in become Config; a copy is deep in sections only."""
    config = Config(a={"b": {"c": []}}, items_=[{"d": 1}])
    assert isinstance(config.a.b, Config)
    assert config.items_[0].d == 1
    copy = config.copy()
    copy.a.b.x = 1
    assert "x" not in config.a.b
    assert copy.a.b.c is config.a.b.c
    assert pickle.loads(pickle.dumps(config)) == config
    assert type(pickle.loads(pickle.dumps(config)).a) is Config
    assert type(config.to_dict()["a"]["b"]) is dict
    del copy.a
    assert "a" not in copy
    with pytest.raises(AttributeError):
        del copy.a


def test_defaults_of_prefect_141():
    """The shipped defaults are those that legacy flows rely on."""
    config = load_configuration(configuration.DEFAULT_CONFIG)
    assert config.cloud.graphql == "https://api.prefect.io/graphql"
    assert config.cloud.use_local_secrets is True
    assert config.flows.checkpointing is False
    assert config.flows.run_on_schedule is True
    assert config.logging.log_attributes == config.logging.extra_loggers == []
    assert config.server.endpoint == "http://localhost:4200"


def test_set_temporary_config():
    """Changes last for the block, in the configuration and in the context."""
    before = configuration.config.copy()
    with set_temporary_config({"a.new.key": 1, "logging.level": "DEBUG"}) as config:
        assert config is configuration.config
        assert config.a.new.key == 1
        assert context.config.logging.level == "DEBUG"
    assert configuration.config == before
    assert context.config == before


def test_set_temporary_config_after_an_error():
    """Changes are taken back when the block raises, or a key cannot be set."""
    before = configuration.config.copy()
    with pytest.raises(ZeroDivisionError), set_temporary_config({"x": 1}):
        1 / 0
    with pytest.raises(AttributeError), set_temporary_config({"x": 1, "debug.deeper.y": 2}):
        pass
    assert configuration.config == before


def test_set_temporary_config_reaches_a_context_with_own_settings():
    """A context that was given settings sees the change beside them."""
    with context(config={"mine": 1}):
        with set_temporary_config({"logging.level": "DEBUG"}):
            assert context.config.logging.level == "DEBUG"
            assert context.config.mine == 1
        assert context.config.logging.level == "INFO"

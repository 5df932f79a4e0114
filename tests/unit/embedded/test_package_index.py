"""uv is told what pip is configured with."""

from agentplatform.embedded.package_index import read_listing, translate

LISTING = """\
:env:.cert='/from/environment.pem'
global.cert='/from/file.pem'
global.extra-index-url='https://one.example.org/simple https://two.example.org/simple'
global.index-url='https://global.example.org/simple'
install.index-url='https://install.example.org/simple'
"""


def test_the_environment_beats_the_files() -> None:
    assert read_listing(LISTING)["cert"] == "/from/environment.pem"


def test_the_install_section_beats_the_global_one() -> None:
    assert read_listing(LISTING)["index-url"] == "https://install.example.org/simple"


def test_every_index_is_passed_on() -> None:
    uv = translate(read_listing(LISTING))
    assert uv["UV_DEFAULT_INDEX"] == "https://install.example.org/simple"
    assert uv["UV_INDEX"] == "https://one.example.org/simple https://two.example.org/simple"


def test_folders_of_wheels_are_separated_by_commas() -> None:
    assert translate({"find-links": "/a /b"})["UV_FIND_LINKS"] == "/a,/b"


def test_without_settings_of_pip_no_index_is_named() -> None:
    assert set(translate(read_listing(""))) == {"UV_INDEX_STRATEGY"}

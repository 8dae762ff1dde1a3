"""`etl contracts` on real git repositories: what it prints, and how it ends."""

import json

import pytest
from typer.testing import CliRunner

from cli import connection
from cli.contracts.commands import app
from contracts.errors import PipelineError
from tests.unit.git_clone import TEXT, Clone


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path / "clone")
    made.git("init", "-q", "-b", "main")
    return made


@pytest.fixture
def etl(clone, monkeypatch):
    """Runs the command in the clone; exit code, stdout, stderr. An error we know is raised."""
    monkeypatch.setattr(connection, "ROOT", clone.root)

    def run(*arguments):
        done = CliRunner().invoke(app, arguments)
        if isinstance(done.exception, PipelineError):
            raise done.exception
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


def test_a_shallow_clone_passes_the_check_and_says_why(clone, tmp_path, etl, monkeypatch):
    clone.write()
    clone.commit()
    clone.commit()
    clone.git("clone", "-q", "--depth", "1", f"file://{clone.root}", str(tmp_path / "shallow"))
    monkeypatch.setattr(connection, "ROOT", tmp_path / "shallow")
    assert etl("check", "--against-main")[:2] == (
        0,
        "compared with no earlier commit: this clone has no commit before HEAD\n"
        "1 contract can be stored and validated: order 1-0-0\n",
    )


def test_neither_a_folder_without_git_nor_a_machine_without_git_fails_the_check(tmp_path, etl, monkeypatch):
    bare = Clone(tmp_path / "bare")
    bare.write()
    monkeypatch.setattr(connection, "ROOT", bare.root)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    code, out, _ = etl("check", "--against-main")
    assert code == 0
    assert f"compared with no earlier commit: {bare.root} is no git repository; expected a clone" in out
    with pytest.raises(PipelineError, match=r"is no git repository; expected a clone to compare with\. Clone"):
        etl("check", "--against", "main")
    monkeypatch.setenv("PATH", "")
    code, out, _ = etl("check", "--against-main")
    assert code == 0
    assert "compared with no earlier commit: git is not installed; expected it to compare with another commit." in out


def test_an_accepted_change_ends_with_0(clone, etl):
    clone.write()
    clone.commit()
    clone.write(version="1-0-1", x=TEXT | {"description": "d"}, y=TEXT)
    assert etl("check", "--against", "HEAD") == (
        0,
        "compared with HEAD\n"
        "accepted: order.y: the field is new and optional.\n"
        "accepted: other words in 1 place (titles, descriptions, examples, defaults)\n"
        "1 contract can be stored and validated: order 1-0-1\n",
        "",
    )


def test_a_refused_change_ends_with_1_and_names_the_way_out(clone, etl):
    clone.write()
    clone.write("basket")
    clone.commit()
    clone.write(y=TEXT | {"maxLength": 8})
    (clone.root / "contracts/basket.json").unlink()
    code, _, err = etl("check", "--against", "main")
    assert code == 1
    assert err.startswith("REFUSED: basket: the contract is gone, but rows of its type lie in the table. Bring")
    assert err.splitlines()[1].startswith("REFUSED: order.x: the field is gone, but rows and producers hold it. Bring")


def test_a_contract_that_cannot_be_stored_is_named_beside_the_others(clone, etl):
    clone.write()
    clone.write("basket")
    clone.commit()
    clone.write(x={"type": "string"})
    clone.write("late", code=TEXT | {"pattern": "^[A-Z]$"})
    code, out, err = etl("check", "--against", "HEAD")
    assert code == 1
    assert [line.split(";")[0] for line in err.splitlines()] == [
        "REFUSED: late.code: no example can be made from its rules (the value does not match "
        '"^[A-Z]$" (contract rule properties/code/pattern))',
        "REFUSED: order.x: maxLength missing",
    ]
    assert out.endswith("1 contract can be stored and validated: basket 1-0-0\n")


def test_a_version_of_old_that_could_not_be_stored_is_not_compared(clone, etl):
    clone.write(x={"type": "string"})
    clone.commit()
    clone.write(z=TEXT)
    code, out, _ = etl("check", "--against", "HEAD")
    assert code == 0
    assert "not compared, as at HEAD it could not be stored: order.x: maxLength missing;" in out


def test_the_check_speaks_json(clone, etl):
    clone.write()
    clone.commit()
    clone.write(x=TEXT | {"maxLength": 8})
    code, out, _ = etl("check", "--against", "HEAD", "--json")
    found = json.loads(out)
    assert (code, found["is_sound"], found["contracts"]) == (1, False, {"order": "1-0-0"})
    assert [(c["kind"], c["path"], c["is_accepted"], c["bump"]) for c in found["changes"]] == [
        ("narrowed bound", "order.x", False, "NONE")
    ]


def test_two_references_are_one_too_many(etl):
    with pytest.raises(PipelineError, match="both --against and --against-main are given; expected one of them"):
        etl("check", "--against", "HEAD", "--against-main")


def test_a_new_contract_says_what_it_guessed_and_what_to_do_next(clone, etl):
    (clone.root / "s.ndjson").write_text('{"id": "a", "paid": 19.99}\n{"specversion": "1.0", "type": "refund"}\n')
    code, out, _ = etl("new", "order", "--from", str(clone.root / "s.ndjson"))
    assert (code, out.splitlines()[:2]) == (
        0,
        [
            "contracts/order.json accepts the 1 line of the sample (1 line of other types passed over).",
            "  guessed: order.paid: numbers with 2 digits behind the point at most, taken for exact ones",
        ],
    )
    assert etl("check")[0] == 0


def test_contracts_are_listed_and_shown(etl):
    code, out, _ = etl("list")
    assert code == 0
    assert [line.split()[:3] for line in out.splitlines()][3] == ["purchase", "1-0-1", "15"]
    assert [row["event_type"] for row in json.loads(etl("list", "--json")[1])][:2] == ["add_to_cart", "page_view"]
    code, out, _ = etl("show", "purchase")
    assert "items[].quantity" in out and "integer, 1 to 10,000" in out
    assert json.loads(out[out.index("\n{") :])["dataschema"].startswith("urn:tributary:contract:purchase:")
    shown = json.loads(etl("show", "purchase", "--json")[1])
    assert shown["fields"][6] == {
        "path": "items[].quantity",
        "type": "integer, 1 to 10,000",
        "is_required": True,
        "unit": "pieces",
        "pii": "",
        "reference": "",
        "description": "pieces bought",
    }


def test_a_type_without_contract_is_told_with_those_that_have_one(etl):
    with pytest.raises(PipelineError, match="there is no contract of 'order'; expected one of add_to_cart, page_view"):
        etl("show", "order")

"""Which commit contracts are compared with, and what they were there."""

import pytest

from cli.contracts.git import GitError, contract_texts, main_reference
from tests.unit.git_clone import Clone


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path / "clone")
    made.git("init", "-q", "-b", "main")
    return made


def test_contracts_are_read_as_they_were_at_a_commit(clone):
    clone.write()
    first = clone.commit()
    clone.write("basket")
    (clone.root / "contracts/types.py").write_text("")
    clone.commit()
    assert list(contract_texts(clone.root, first)) == ["order.json"]
    assert list(contract_texts(clone.root, "main")) == ["basket.json", "order.json"]


def test_a_commit_without_contracts_has_none(clone):
    assert contract_texts(clone.root, clone.commit()) == {}


@pytest.mark.parametrize("reference", ["nope", "--help", "HEAD:contracts"])
def test_a_reference_that_git_does_not_know_is_told(clone, reference):
    clone.write()
    clone.commit()
    with pytest.raises(GitError) as refused:
        contract_texts(clone.root, reference)
    assert str(refused.value) == (
        f"git knows no commit {reference!r} in {clone.root}; expected a commit, branch or tag of this clone. "
        "Fetch it (`git fetch`), or name another."
    )


def test_on_a_branch_the_main_branch_is_compared_where_the_branch_left_it(clone):
    left = clone.commit()
    clone.git("checkout", "-q", "-b", "topic")
    clone.commit()
    clone.git("checkout", "-q", "main")
    clone.commit()
    clone.git("checkout", "-q", "topic")
    assert main_reference(clone.root) == (left, "where HEAD left main")


def test_on_the_main_branch_the_commit_before_is_compared(clone):
    before = clone.commit()
    clone.commit()
    assert main_reference(clone.root) == (before, "the commit before HEAD")


def test_a_detached_head_of_a_fresh_clone_is_compared_with_the_main_branch(clone, tmp_path):
    clone.commit()
    left = clone.commit()
    clone.git("checkout", "-q", "-b", "topic")
    clone.commit()
    clone.git("clone", "-q", str(clone.root), str(tmp_path / "fresh"))
    fresh = Clone(tmp_path / "fresh")
    fresh.git("remote", "set-head", "origin", "main")
    fresh.git("checkout", "-q", "--detach", "origin/topic")
    assert main_reference(fresh.root) == (left, "where HEAD left origin/HEAD")


def test_commits_that_are_not_pushed_are_compared_with_the_last_that_was(clone, tmp_path):
    pushed = clone.commit()
    clone.git("clone", "-q", str(clone.root), str(tmp_path / "fresh"))
    fresh = Clone(tmp_path / "fresh")
    fresh.commit()
    fresh.commit()
    assert main_reference(fresh.root) == (pushed, "where HEAD left origin/HEAD")


def test_a_repository_without_a_commit_is_told(clone):
    assert main_reference(clone.root) == (None, "this repository has no commit yet")


def test_a_shallow_clone_has_nothing_to_compare_with(clone, tmp_path):
    clone.commit()
    clone.commit()
    clone.git("clone", "-q", "--depth", "1", f"file://{clone.root}", str(tmp_path / "shallow"))
    assert main_reference(tmp_path / "shallow") == (None, "this clone has no commit before HEAD")

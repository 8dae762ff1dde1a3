"""A Dockerfile becomes a folder with exactly the files it copies, and the process it would start."""

import sys
from pathlib import Path

import pytest

from local.dockerfile import Ignored, ImageError, instructions, substituted
from local.images import Image, Images, stage


@pytest.fixture
def context(tmp_path: Path) -> Path:
    for name in ("room/one.py", "room/deep/two.py", "room/notes.md", "other/three.py", "single.txt"):
        path = tmp_path / "context" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "context"


@pytest.fixture
def build(context: Path, tmp_path: Path):
    def build(text: str) -> Image:
        (context / "Dockerfile").write_text(text)
        return stage(context / "Dockerfile", context, tmp_path / "staged")

    return build


def files(image: Image) -> list[str]:
    return sorted(str(path.relative_to(image.folder)) for path in image.folder.rglob("*") if path.is_file())


def test_only_what_is_copied_is_there(build):
    image = build("FROM python:3.11\nWORKDIR /app\nCOPY room ./room\nCOPY single.txt other/*.py files/\n")
    assert files(image) == [
        "app/files/single.txt",
        "app/files/three.py",
        "app/room/deep/two.py",
        "app/room/notes.md",
        "app/room/one.py",
    ]
    assert image.cwd == image.folder / "app"


def test_a_single_file_may_be_renamed(build):
    assert files(build("FROM python:3.11\nCOPY single.txt /etc/renamed.txt\n")) == ["etc/renamed.txt"]


def test_dockerignore_leaves_files_out(build, context):
    (context / ".dockerignore").write_text("# notes\n**/*.md\nroom/deep\n")
    assert files(build("FROM python:3.11\nCOPY room /app/\n")) == ["app/one.py"]


def test_awss_lambda_image_has_a_task_root_and_an_entry_point(build):
    image = build(
        'FROM public.ecr.aws/lambda/python:3.13\nCOPY room ${LAMBDA_TASK_ROOT}/room\nCMD [ "room.one.handler" ]'
    )
    assert files(image)[0].startswith("var/task/room/")
    assert image.argv() == [sys.executable, "-m", "awslambdaric", "room.one.handler"]
    assert image.argv(cmd=("other.handler",))[-1] == "other.handler"
    assert image.variables["LAMBDA_TASK_ROOT"] == str(image.folder / "var/task")
    assert image.python_path == [image.folder / "var/task"]


def test_variables_arguments_and_continued_lines_are_followed(build):
    image = build(
        'ARG TAG=3.11\nFROM python:$TAG\n# a comment\nENV A=1 \\\n    B="two words" HERE=/app/room\n'
        "ENV PYTHONPATH=/app:/nowhere\nCOPY room /app/room\n"
        'ENTRYPOINT ["python3", "/app/room/one.py"]\nCMD ["--first"]\n'
    )
    assert image.variables == {"A": "1", "B": "two words", "HERE": str(image.folder / "app/room")}
    assert image.python_path == [image.folder / "app"]
    assert image.argv() == [sys.executable, str(image.folder / "app/room/one.py"), "--first"]


def test_stages_bring_files_but_not_packages(build):
    image = build(
        "FROM ghcr.io/astral-sh/uv:latest AS uv\nFROM python:3.11 AS first\nCOPY --from=uv /uv /bin/\nRUN make\n"
        "COPY room /code\nFROM python:3.11\nCOPY --from=first /code /app\nCOPY --from=first /opt/venv /opt/venv\n"
    )
    assert files(image) == ["app/deep/two.py", "app/notes.md", "app/one.py"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ADD single.txt /", "line 2: ADD is not known to the local AWS"),
        ("COPY missing.txt /", "line 2: COPY missing.txt: not found in"),
        ("COPY single.txt", "line 2: COPY needs a source and a destination"),
        ("ONBUILD COPY . .", "ONBUILD is not known"),
    ],
)
def test_what_cannot_be_followed_is_refused(build, line, message):
    with pytest.raises(ImageError, match=message):
        build(f"FROM python:3.11\n{line}\n")


def test_an_image_without_a_command_cannot_run(build):
    with pytest.raises(ImageError, match="neither ENTRYPOINT nor CMD"):
        build("FROM python:3.11\n").argv()


def test_the_shell_form_runs_in_a_shell(build):
    assert build("FROM python:3.11\nCMD echo $HOME\n").argv() == ["/bin/sh", "-c", "echo $HOME"]


def test_the_repositorys_last_part_names_the_folder(context, tmp_path):
    (context / "room/Dockerfile").write_text("FROM python:3.11\nCOPY single.txt /\n")
    images = Images(context, tmp_path / "images")
    image = images.get("123456789012.dkr.ecr.eu-west-1.amazonaws.com/tributary/room:v1")
    assert files(image) == ["single.txt"]
    with pytest.raises(ImageError, match="no unknown/Dockerfile in"):
        images.get("registry/unknown:v1")


def test_changed_files_are_staged_again_by_a_new_tag_and_by_a_new_start(context, tmp_path):
    (context / "room/Dockerfile").write_text("FROM python:3.11\nCOPY single.txt /\n")
    images = Images(context, tmp_path / "images")
    read = lambda images, tag: (images.get(f"r/room:{tag}").folder / "single.txt").read_text()  # noqa: E731
    assert read(images, "v1") == "single.txt"
    (context / "single.txt").write_text("changed")
    assert (read(images, "v1"), read(images, "v2")) == ("single.txt", "changed")
    assert read(Images(context, tmp_path / "images"), "v1") == "changed"


def test_dockerignore_patterns():
    is_ignored = Ignored("*.txt\n!keep.txt\n**/cache\ndocs/**/*.md\n")
    assert [is_ignored(path) for path in ("a.txt", "keep.txt", "a/b.txt", "a/cache/x", "docs/a/b.md", "docs/a.md")] == [
        True,
        False,
        False,
        True,
        True,
        True,
    ]


def test_substitution():
    known = {"A": "1"}
    assert substituted(r"$A ${A} ${B:-b} ${A:+x} ${B:+x}| \$A $B", known) == "1 1 b x | $A "


def test_instructions_know_their_lines():
    told = list(instructions("# syntax\nFROM a\n\nrun b && \\\n  # inside\n  c\nCMD d"))
    assert [(keyword, rest, line) for keyword, rest, line in told] == [
        ("FROM", "a", 2),
        ("RUN", "b && c", 4),
        ("CMD", "d", 7),
    ]

"""Copies by the AWS SDK for Java 1, which Spark's S3A makes where it renames.

S3A hands the key id that HEAD tells of on to the copy, and the SDK then insists on HTTPS, which the local AWS does
not speak. So Java is not told the key; the bucket's default encryption applies to the copy all the same.
"""

from werkzeug.wrappers import Request, Response

from local.front import Front

KEY_ID = "x-amz-server-side-encryption-aws-kms-key-id"


def install(front: Front) -> None:
    """Answer Java's HEAD requests without the key's id."""

    def answer(request: Request) -> Response:
        response = front.forward(request)
        response.headers.pop(KEY_ID, None)
        return response

    front.route(is_java_head, answer)


def is_java_head(request: Request) -> bool:
    return request.method == "HEAD" and "aws-sdk-java" in request.headers.get("User-Agent", "")

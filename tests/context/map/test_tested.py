"""Where tests are, by their files' names."""

import pytest

from steward.context.map.tested import is_test_file


@pytest.mark.parametrize(
    "path",
    [
        "tests/basket.py",
        "pkg/test/a.go",
        "src/__tests__/a.ts",
        "test_basket.py",
        "pkg/basket_test.go",
        "src/basket.test.ts",
        "src/basket.spec.tsx",
        "spec/basket_spec.rb",
        "src/BasketTest.java",
    ],
)
def test_files_of_tests_are_known_by_custom(path: str) -> None:
    assert is_test_file(path)


@pytest.mark.parametrize("path", ["shop/basket.py", "contest/a.py", "src/latest.py", "attest.go"])
def test_others_are_not_taken_for_them(path: str) -> None:
    assert not is_test_file(path)

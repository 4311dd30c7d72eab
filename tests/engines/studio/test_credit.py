"""Whom to credit."""

from __future__ import annotations

from engines.studio.credit import read_credit
from tests.fakes.vrm import build_document
from tests.fakes.vrm1 import build_document1


def test_read_credit_vrm_0_texts_are_as_in_the_file() -> None:
    """What the file leaves out is empty."""
    credit = read_credit(build_document()[0])
    assert (credit.title, credit.author, credit.licence, credit.allowed_user) == ("Boxes", "Nobody", "CC0", "Everyone")
    assert credit.modification == credit.contact == ""


def test_read_credit_vrm_1_lists_all_authors_and_permissions() -> None:
    """Truths are said in VRM 0.x's words."""
    credit = read_credit(build_document1()[0])
    assert credit.author == "Nobody, Somebody"
    assert credit.licence == "https://vrm.dev/licenses/1.0/"
    assert (credit.redistribution, credit.violent_use) == ("Allow", "Disallow")
    assert credit.modification == "allowModificationRedistribution"


def test_read_credit_vrm_1_absent_permissions_are_the_strictest() -> None:
    """VRM 1.0 reads what is not said as not allowed."""
    document, _ = build_document1()
    document["extensions"]["VRMC_vrm"]["meta"] = {"name": "Boxes"}
    credit = read_credit(document)
    assert (credit.allowed_user, credit.commercial_use) == ("onlyAuthor", "personalNonProfit")
    assert (credit.modification, credit.notation) == ("prohibited", "required")

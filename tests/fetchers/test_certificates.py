"""The certificates that are trusted: those of certifi, the system, the well-known variables and the user together."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest
import trustme

from gossamer.fetchers import certificates
from gossamer.values.errors import UserError


@pytest.fixture(autouse=True)
def without_variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in certificates.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(certificates, "_SYSTEM", ())
    monkeypatch.setattr(certificates, "_default", lambda: "")
    yield
    certificates._combined.cache_clear()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return authority(tmp_path / "own.pem")


def authority(path: Path) -> Path:
    trustme.CA().cert_pem.write_to_path(path)
    return path


def trusted(file: str) -> set[bytes]:
    return set(ssl.create_default_context(cafile=file).get_ca_certs(binary_form=True))


def test_certifis_file_is_used_as_it_is_where_there_is_nothing_to_add() -> None:
    assert certificates.trusted_file() == certifi.where()
    assert certificates.trusted_file(certifi.where()) == certifi.where()


def test_a_copy_of_the_usual_ones_adds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "copy.pem"
    copy.write_bytes(Path(certifi.where()).read_bytes().replace(b"\n", b"\r\n"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(copy))
    assert certificates.trusted_file() == certifi.where()


def test_a_file_of_ones_own_adds_to_the_usual_ones(own: Path) -> None:
    assert trusted(certificates.trusted_file(str(own))) == trusted(certifi.where()) | trusted(str(own))


@pytest.mark.parametrize("variable", certificates.VARIABLES)
def test_a_well_known_variable_adds_to_the_usual_ones(
    variable: str, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = authority(tmp_path / "named.pem")
    monkeypatch.setenv(variable, str(named))
    expected = trusted(certifi.where()) | trusted(str(own)) | trusted(str(named))
    assert trusted(certificates.trusted_file(str(own))) == expected


def test_a_variable_may_name_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "authorities"
    directory.mkdir()
    several = [authority(directory / name) for name in ("a.pem", "b.pem")]
    (directory / "c").mkdir()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(directory))
    assert trusted(certificates.trusted_file()) >= trusted(str(several[0])) | trusted(str(several[1]))


def test_the_store_of_the_system_counts(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "_SYSTEM", ("/nowhere/ca.pem", str(own)))
    assert trusted(certificates.trusted_file()) == trusted(certifi.where()) | trusted(str(own))


def test_a_variable_that_names_nothing_is_told_by_the_doctor_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    assert certificates.trusted_file() == certifi.where()
    assert list(certificates.missing()) == [("SSL_CERT_FILE", "/nowhere/ca.pem")]


def test_a_file_of_ones_own_without_certificates_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("x")
    with pytest.raises(UserError, match="has no certificate in it; it must be in PEM"):
        certificates.trusted_file(str(file))
    with pytest.raises(UserError, match="cannot be read"):
        certificates.trusted_file(str(tmp_path))

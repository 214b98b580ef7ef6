"""A check for bots is told from a page by several signs, and pages that speak of such checks stay pages."""

# ruff: noqa: E501  # the pages as they are served

from __future__ import annotations

import pytest

from gossamer.parse import challenge

CLOUDFLARE = """<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta name="robots" content="noindex">
</head><body><noscript>Enable JavaScript and cookies to continue</noscript><script>(function(){window._cf_chl_opt =
{cvId: '3', cZone: 'a.example'};var a = document.createElement('script');a.src =
'/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=8';}());</script></body></html>"""
CLOUDFLARE_BLOCK = """<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body>
<div id="cf-error-details" class="cf-error-details-wrapper"><h1>Sorry, you have been blocked</h1></div></body></html>"""
CLOUDFLARE_RULE = """<html><head><title>Access denied | a.example used Cloudflare to restrict access</title></head><body>
<div id="cf-error-details">The owner of this website (a.example) has banned your IP address. Error 1006</div></html>"""
CLOUDFLARE_OLD = """<html><head><title>Please Wait... | Cloudflare</title></head><body><form id="challenge-form"
action="/?__cf_chl_captcha_tk__=1"><div class="cf-browser-verification">Checking your browser before accessing</div>"""
DATADOME = """<html lang="en"><head><title>a.example</title><style>#cmsg{animation: A 1.5s;}</style></head><body><p
id="cmsg">Please enable JS and disable any ad blocker</p><script data-cfasync="false">var dd={'rt':'c','cid':'AHrlq',
'hsh':'77DC','t':'bv','host':'geo.captcha-delivery.com'}</script></body></html>"""
AKAMAI = """<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to access
"http&#58;&#47;&#47;a&#46;example" on this server.<P>Reference&#32;&#35;18&#46;2d351ab8&#46;1557333295&#46;a4e16ab<P>
https&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;18&#46;2d351ab8</BODY></HTML>"""
AKAMAI_CHECK = """<html><head><title>&nbsp;</title></head><body><div id="sec-if-cpt-container"><script
src="/_sec/cp_challenge/ak-challenge-4-5.htm"></script></div><script>var i=1;bm-verify="AAQA"; "?bm-verify=AAQA"</script>"""
PERIMETERX = """<html><head><title>Access to this page has been denied.</title></head><body><div id="px-captcha"></div>
<script>window._pxAppId = 'PX1'; window._pxUuid = '1';</script><script src="//captcha.px-cdn.net/PX1/captcha.js"></script>"""
SUCURI = """<html><title>You are being redirected...</title><noscript>Javascript is required.</noscript><script>var s={},
u,c,U,r,i,l=0,a;eval("sucuri_cloudproxy_js = ''");</script></html>"""
SUCURI_BLOCK = """<html><head><title>Sucuri WebSite Firewall - Access Denied</title></head><body>Block reason: Bad bot access
attempt. cloudproxy@sucuri.net</body></html>"""
AWS = """<!DOCTYPE html><html><head><title></title><script>window.awsWafCookieDomainList = []; window.gokuProps = {"key":
"A"};</script><script src="https://1.eu-west-1.token.awswaf.com/1/2/challenge.js"></script></head><body></body></html>"""
IMPERVA = """<html style="height:100%"><head><META NAME="ROBOTS" CONTENT="NOINDEX, NOFOLLOW"></head><body><iframe
id="main-iframe" src="/_Incapsula_Resource?SWUDNSAI=31&xinfo=1&edet=12&cinfo=ffffffff">Request unsuccessful. Incapsula
incident ID: 1-2</iframe></body></html>"""
ANUBIS = """<html><head><title>Making sure you&#39;re not a bot!</title><script id="anubis_version">"1"</script></head><body>
<script src="/.within.website/x/cmd/anubis/static/js/main.mjs"></script></body></html>"""
CAPTCHA = """<html><head><title>Robot Check</title></head><body><h4>Enter the characters you see below</h4><form
action="/errors/validateCaptcha"></form><script>1</script></body></html>"""
TURNSTILE = """<html><head><title>Verifying you are human</title><script
src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script></head><body><div class="cf-turnstile"></div></body>"""

CHALLENGES = {
    "Cloudflare": (CLOUDFLARE, CLOUDFLARE_BLOCK, CLOUDFLARE_RULE, CLOUDFLARE_OLD),
    "DataDome": (DATADOME,),
    "Akamai": (AKAMAI, AKAMAI_CHECK),
    "PerimeterX": (PERIMETERX,),
    "Sucuri": (SUCURI, SUCURI_BLOCK),
    "AWS WAF": (AWS,),
    "Imperva": (IMPERVA,),
    "Anubis": (ANUBIS,),
    "a check for bots": (CAPTCHA, TURNSTILE),
}


@pytest.mark.parametrize("status", [200, 202, 403, 429, 503])
@pytest.mark.parametrize(("name", "page"), [(name, page) for name, pages in CHALLENGES.items() for page in pages])
def test_a_challenge_is_told_whatever_its_status(name: str, page: str, status: int) -> None:
    assert challenge.service(status, {"content-type": "text/html"}, page.encode()) == name


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"cf-mitigated": "challenge"}, "Cloudflare"),
        ({"cf-mitigated": "Challenge "}, "Cloudflare"),
        ({"x-amzn-waf-action": "captcha"}, "AWS WAF"),
        ({"x-vercel-mitigated": "challenge"}, "Vercel"),
        ({"cf-mitigated": "no"}, ""),
        ({"server": "cloudflare", "cf-ray": "8-FRA"}, ""),
        ({"x-datadome": "protected"}, ""),
    ],
)
def test_a_header_is_proof_only_if_it_says_that_the_answer_is_a_challenge(headers: dict[str, str], name: str) -> None:
    for status in (200, 403):
        assert challenge.service(status, headers, b"") == name


def test_a_service_names_itself_in_its_header_beside_one_sign_of_its_own() -> None:
    told = b'{"url": "https://geo.captcha-delivery.com/captcha/?cid=A"}'
    assert challenge.service(403, {"x-datadome": "protected"}, told) == "DataDome"
    assert challenge.service(403, {}, told) == ""


ARTICLE = "<p>" + "Sites show such a page before the one that was asked for, and a crawler takes it for the page. " * 20
PAGES = {
    "an article that quotes a challenge": f"<title>Just a moment: why sites check</title>{ARTICLE}<pre>{CLOUDFLARE}</pre>",
    "a script of a service on a page of a site": "<title>Shop</title><script src='/cdn-cgi/challenge-platform/scripts/jsd/"
    "main.js'></script><script src='//client.px-cloud.net/PX1/main.min.js'></script><p>Shoes",
    "a form with a captcha": "<title>Contact</title><form><div class='g-recaptcha'></div></form><script "
    "src='https://www.google.com/recaptcha/api.js'></script>",
    "a captcha library": "<title>captcha - a library</title><script>1</script><p>Draws pictures of letters.",
    "a song": "<title>Just a Moment</title><script>1</script><p>Words and music.",
    "a forbidden page": "<title>Access denied</title><h1>Access denied</h1><p>You are not authorized to see this page.",
    "a forbidden file": "<title>403 Forbidden</title><h1>Forbidden</h1><p>You don't have permission to access this.",
    "a pause of a site": "<title>Please wait</title><p>We are upgrading our shop, and are back in an hour.",
    "an error of a proxy": "<title>a.example | 521: Web server is down</title><div id='cf-error-details'>Ray ID: 8",
    "nothing": "",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_page_is_no_challenge(page: str) -> None:
    assert challenge.service(200, {}, page.encode()) == ""


@pytest.mark.parametrize("name", list(PAGES)[1:])
@pytest.mark.parametrize("status", [403, 429, 503, 404, 500, 521])
def test_an_error_of_a_site_is_no_challenge(name: str, status: int) -> None:
    assert challenge.service(status, {"server": "cloudflare"}, PAGES[name].encode()) == ""


@pytest.mark.parametrize("status", [404, 500, 502, 521])
def test_other_errors_are_those_of_the_site(status: int) -> None:
    assert challenge.service(status, {}, CLOUDFLARE.encode()) == ""


def test_a_long_page_with_a_status_of_success_is_no_challenge() -> None:
    padded = CLOUDFLARE.encode() + b"<!--" + b" " * challenge.MAX_SIZE + b"-->"
    assert challenge.service(200, {}, padded) == ""
    assert challenge.service(403, {}, padded) == "Cloudflare"

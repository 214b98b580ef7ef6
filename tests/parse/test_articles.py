"""The article of a page is found in any language, whatever tool built the page and whatever it calls its parts."""
# ruff: noqa: RUF001  the letters of other scripts are meant

from __future__ import annotations

import pytest

from gossamer.parse.text.markdown import main_text, markdown

HERE = "https://site.test/dir/page"

ENGLISH = (
    "The old bridge over the river was closed on Monday, after engineers had found cracks in two of its piers. "
    "Repairs will take until autumn, the city said, and buses are sent over the northern crossing until then."
)
GERMAN = (
    "Die alte Brücke über den Fluss ist seit Montag gesperrt, weil Ingenieure Risse in zwei Pfeilern gefunden haben. "
    "Die Arbeiten dauern bis zum Herbst, teilte die Stadt mit, und die Busse fahren so lange über die Nordbrücke."
)
SPANISH = (
    "El viejo puente sobre el río quedó cerrado el lunes, después de que los ingenieros hallaran grietas en dos "
    "pilares. Las obras durarán hasta el otoño, informó el ayuntamiento, y los autobuses cruzarán por el norte."
)
FRENCH = (
    "Le vieux pont sur le fleuve est fermé depuis lundi, car des ingénieurs ont trouvé des fissures dans deux piles. "
    "Les travaux dureront jusqu'à l'automne, a indiqué la ville, et les bus passeront par le pont du nord."
)
PORTUGUESE = (
    "A velha ponte sobre o rio está fechada desde segunda-feira, porque engenheiros encontraram fissuras em dois "
    "pilares. As obras vão durar até o outono, informou a prefeitura, e os ônibus passarão pela ponte norte."
)
RUSSIAN = (
    "Старый мост через реку закрыт с понедельника, потому что инженеры нашли трещины в двух опорах. "
    "Ремонт продлится до осени, сообщили в мэрии, а автобусы будут ходить по северному мосту."
)
ARABIC = (
    "أُغلق الجسر القديم فوق النهر يوم الاثنين بعد أن وجد المهندسون شقوقا في اثنتين من دعائمه. "
    "وستستمر أعمال الإصلاح حتى الخريف كما أعلنت المدينة، وستمر الحافلات عبر الجسر الشمالي."
)
JAPANESE = (
    "川に架かる古い橋は、二本の橋脚にひびが見つかったため、月曜日から通行止めになっている。"
    "市によると工事は秋まで続き、それまでバスは北の橋を通るという。"
)
CHINESE = (
    "由于工程师在两个桥墩上发现裂缝，河上的老桥自星期一起关闭。"
    "市政府表示，维修工作将持续到秋天，在此期间公共汽车改走北桥。"
)
KOREAN = (
    "강을 가로지르는 오래된 다리가 교각 두 곳에서 균열이 발견되어 월요일부터 폐쇄되었다. "
    "시는 공사가 가을까지 이어질 것이며 그동안 버스는 북쪽 다리로 다닌다고 밝혔다."
)
LANGUAGES = {
    "en": ENGLISH, "de": GERMAN, "es": SPANISH, "fr": FRENCH, "pt": PORTUGUESE, "ru": RUSSIAN, "ar": ARABIC,
    "ja": JAPANESE, "zh": CHINESE, "ko": KOREAN,
}  # fmt: skip


def story(text: str, paragraphs: int = 4) -> str:
    """Return paragraphs of a text, each of which can be told from the others."""
    return "".join(f"<p>{text} ({number})</p>" for number in range(1, paragraphs + 1))


def teasers(count: int = 6, title: str = "Another page about something else") -> str:
    return "".join(
        f"<div class=x><a href=/t{number}><h3>{title} {number}</h3></a><p>GONE teaser {number} …</p></div>"
        for number in range(count)
    )


def read(html: str) -> str:
    text = main_text(html, HERE)
    written = markdown(html, HERE, main=True)
    assert ("GONE" in text) == ("GONE" in written)
    return text


# ---------------------------------------------------------------- page builders

ELEMENTOR = """<div data-elementor-type=header class="elementor elementor-7 elementor-location-header">
<div class="elementor-element elementor-widget elementor-widget-nav-menu"><ul><li><a href=/a>GONE</a></ul></div></div>
<div data-elementor-type=wp-post class="elementor elementor-9"><section class="elementor-section elementor-top-section">
<div class="elementor-element elementor-widget elementor-widget-heading"><h1>Title</h1></div>
<div class="elementor-element elementor-widget elementor-widget-text-editor"><div class="elementor-widget-container">{0}
</div></div><div class="elementor-element elementor-widget elementor-widget-share-buttons"><a href=/f>GONE</a></div>
<div class="elementor-element elementor-widget elementor-widget-text-editor"><div class="elementor-widget-container">
<p>KEPT too: this is the second of the editor's blocks, and as much a part of the page as the first one was.</p></div>
</div></section></div><div data-elementor-type=footer class="elementor elementor-location-footer">
<div class="elementor-widget elementor-widget-text-editor"><p>GONE: we are a small company in a small town, since 1999.
</p></div></div>"""
WPBAKERY = """<div id=page class="site has-sidebar right-sidebar"><header id=masthead class=site-header>GONE</header>
<div class="vc_row wpb_row vc_row-fluid"><div class="wpb_column vc_column_container vc_col-sm-8">
<div class=vc_column-inner><div class=wpb_wrapper><div class="wpb_text_column wpb_content_element">
<div class=wpb_wrapper><h1>Title</h1>{0}</div>
</div><div class="wpb_text_column wpb_content_element"><div class=wpb_wrapper><p>KEPT too: the second column of the same
row goes on with what the first one says, and is read after it.</p></div></div></div></div></div>
<div class="wpb_column vc_col-sm-4"><div class="wpb_widgetised_column sidebar"><ul><li><a href=/1>GONE</a></ul></div>
</div></div><footer id=colophon class=site-footer><p>GONE rights reserved by whoever reserves them.</p></footer>
</div>"""
DIVI = """<div id=et-main-area><div id=main-content><div class="container et_right_sidebar"><div id=content-area>
<div id=left-area><article id=post-3 class="et_pb_post post-3 post"><div class=et_post_meta_wrapper>
<h1 class=entry-title>
Title</h1><p class=post-meta>GONE by admin | May 3 | 0 comments</p></div><div class=entry-content>
<div class="et_pb_section et_pb_with_background"><div class="et_pb_module et_pb_text"><div class=et_pb_text_inner>{0}
<p>KEPT too, as the last words of the module are, whatever stands below it on the page.</p></div></div></div></div>
<section id=comment-wrap><h2>2 Comments</h2><ol class=commentlist><li>GONE: first! And what a long comment it is, with
several sentences. One of them is this.</ol></section></article></div><div id=sidebar><div class=et_pb_widget><h4>Recent
posts</h4><ul><li><a href=/1>GONE</a></ul></div></div></div></div></div></div>"""
WIX = """<div id=SITE_CONTAINER><header id=SITE_HEADER><a href=/>GONE</a></header><main id=PAGES_CONTAINER>
<div id=SITE_PAGES><div data-testid=mesh-container-content><div data-testid=richTextElement class=wixui-rich-text>
<h1>Title</h1></div><div data-testid=richTextElement class=wixui-rich-text>{0}</div><div data-testid=richTextElement>
<p>KEPT too: boxes of text lie beside each other here, and nothing but their places says which belong together.</p>
</div>
</div></div></main><footer id=SITE_FOOTER><p>GONE: made by us with a tool that puts its name everywhere.</p></footer>
<div data-hook=newsletter-popup><p>GONE: get our letters, which come every week and are long.</p></div></div>"""
SQUARESPACE = """<header id=header class=Header><nav class=Header-nav><a href=/>GONE</a></nav></header><main class=Main>
<section class=Main-content data-content-field=main-content><article class="BlogItem hentry">
<h1 class=BlogItem-title>Title</h1><div class="BlogItem-content e-content"><div class="sqs-layout sqs-grid-12">
<div class="sqs-block html-block
sqs-block-html"><div class=sqs-block-content>{0}</div></div><div class="sqs-block html-block sqs-block-html">
<div class=sqs-block-content><p>KEPT too: a block of its own comes after a picture, and the text goes on in it.
</p></div></div></div></div><div class=BlogItem-share><a href=/t>GONE</a></div><section class=BlogItem-comments>
<p>GONE: I have an opinion about this bridge. It is a long one.</p></section></article></section></main>
<section class="BlogItem-pagination"><a href=/p>GONE older</a></section>
<footer class=Footer><div class="sqs-block newsletter-block"><p>GONE: subscribe, it costs nothing.</p></div></footer>"""
GHOST = """<div class=site-wrapper><header class=site-header><a href=/>GONE</a></header>
<main id=site-main class="site-main outer"><div class=inner><article class="post-full post no-image">
<header class=post-full-header><h1>Title</h1></header>
<section class=post-full-content><div class=post-content>{0}<p>KEPT too, the last one.</p></div>
<section class=subscribe-form><h3>Subscribe</h3><p>GONE: get the latest posts delivered right to your inbox, for
free.</p></section></section></article></div></main><aside class="read-next outer"><article class=read-next-card>
<h3><a href=/1>GONE more in bridges</a></h3></article></aside></div>"""
BLOGGER = """<div class="main section" id=main><div class="widget Blog" id=Blog1><div class="post hentry"><h3>Title</h3>
<div class="post-body entry-content">{0}<p>KEPT too: the post is short.</p></div></div></div></div>
<div class="sidebar section"><div class="widget BlogArchive"><h2>Archive</h2><ul>{1}</ul></div></div>""".replace(
    "{1}", "".join(f"<li><a href=/{number}>GONE: an older post about something {number}</a>" for number in range(60))
)


@pytest.mark.parametrize("page", [ELEMENTOR, WPBAKERY, DIVI, WIX, SQUARESPACE, GHOST, BLOGGER])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_page_builder_wraps_is_kept(page: str, language: str) -> None:
    text = read(page.replace("{0}", story(LANGUAGES[language])))
    assert [number for number in range(1, 5) if f"({number})" not in text] == []
    assert "Title" in text
    assert "KEPT" in text
    assert "GONE" not in text


# ---------------------------------------------------------------- consent

CONSENT = {
    "en": "GONE We value your privacy. We and our partners store cookies on your device to show ads and measure them.",
    "de": "GONE Wir schätzen Ihre Privatsphäre. Wir und unsere Partner speichern Cookies auf Ihrem Gerät für Werbung.",
    "es": "GONE Valoramos su privacidad. Nosotros y nuestros socios usamos cookies en su dispositivo para anuncios.",
    "fr": "GONE Nous respectons votre vie privée. Nous et nos partenaires utilisons des cookies pour la publicité.",
    "pt": "GONE Valorizamos sua privacidade. Nós e nossos parceiros usamos cookies no seu dispositivo para anúncios.",
    "ru": "GONE Мы ценим вашу конфиденциальность. Мы и наши партнёры храним файлы cookie на вашем устройстве.",
    "ar": "GONE نحن نقدر خصوصيتك. نستخدم نحن وشركاؤنا ملفات تعريف الارتباط على جهازك لعرض الإعلانات.",
    "ja": "GONE 当サイトではクッキーを使用しています。広告の表示と効果測定のためにパートナーとも共有します。",
    "zh": "GONE 我们重视您的隐私。我们和合作伙伴使用 Cookie 来展示广告并衡量效果。",
    "ko": "GONE 당사는 귀하의 개인정보를 소중히 여깁니다. 광고와 측정을 위해 쿠키를 사용합니다.",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "dialog",
    [
        "<div id=onetrust-consent-sdk><div id=onetrust-banner-sdk>{0}</div></div>",
        "<div id=CybotCookiebotDialog><div class=CybotCookiebotScrollContainer>{0}</div></div>",
        "<div class='cmplz-cookiebanner cmplz-bottom'>{0}</div>",
        "<div class=privacy-popup><div class=privacy-content>{0}</div></div>",
        "<div role=dialog class=css-1x2y3z>{0}</div>",
        "<div role=alertdialog aria-modal=true>{0}</div>",
        "<div class=x1y2z3><div>{0}</div><button>OK</button></div>",
    ],
)
@pytest.mark.parametrize("place", ["above", "below"])
def test_a_consent_dialog_is_no_text_whatever_its_name_and_length(language: str, dialog: str, place: str) -> None:
    said = dialog.replace("{0}", f"<p>{CONSENT[language]}</p>" * 3)
    article = f"<div class=c7><h1>Title</h1>{story(LANGUAGES[language], 3)}</div>"
    text = read(said + article if place == "above" else article + said)
    assert "(1)" in text
    assert "(3)" in text
    assert "GONE" not in text


# ---------------------------------------------------------------- what surrounds an article

COMMENTS = {
    "en": "3 Comments", "de": "Kommentare (3)", "es": "Comentarios", "fr": "Commentaires", "pt": "Deixe um comentário",
    "ru": "Комментарии", "ar": "التعليقات", "ja": "コメント", "zh": "评论", "ko": "댓글",
}  # fmt: skip
RELATED = {
    "en": "You may also like", "de": "Das könnte Sie auch interessieren", "es": "Noticias relacionadas",
    "fr": "Sur le même sujet", "pt": "Leia também", "ru": "Читайте также", "ar": "مقالات ذات صلة", "ja": "関連記事",
    "zh": "相关阅读", "ko": "관련 기사",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_comments_and_related_pages_go_whose_labels_alone_say_so(language: str) -> None:
    said = LANGUAGES[language].replace("(", "")
    html = f"""<div class=css-a1><div class=css-b2><article class=css-c3><h1>Title</h1><div class=byline>GONE</div>
    {story(said, 3)}<p>{RELATED[language]}: <a href=/r>GONE a page that is like this one</a></p>{story(said, 5)}
    <h2>{RELATED[language]}</h2>{teasers()}<h2>{COMMENTS[language]}</h2><div class=css-d4><p>GONE: {said}</p></div>
    </article></div></div>"""
    text = read(html)
    assert "(5)" in text
    assert "GONE" not in text
    assert RELATED[language] not in text
    assert COMMENTS[language] not in text


@pytest.mark.parametrize(
    "around",
    [
        "<div class=comments-area id=comments><ol class=comment-list>{long}</ol></div>",
        "<section id=disqus_thread><div class=post-list>{long}</div></section>",
        "<div class='article__comments js-comments'>{long}</div>",
        "<div data-testid=comments-section>{long}</div>",
        "<div class=related-posts>{long}</div>",
        "<div class='c-recirculation recirc'>{long}</div>",
        "<aside class=css-9>{long}</aside>",
        "<div class=newsletter-signup><p>GONE subscribe to our letter. It is good.</p></div>",
        "<div class=paywall-promo>{short}</div>",
        "<div class=author-bio><p>GONE Ada writes about bridges. She lives near one.</p></div>",
        "<div class=social-share>{short}</div>",
        "<ul class='share-buttons'><li>GONE</li></ul>",
        "<div class=sidebar>{long}</div>",
        "<footer class=entry-footer>{short}</footer>",
        "<div class=article-footer>{short}</div>",
        "<div aria-hidden=true>{short}</div>",
        "<div style='display:none'>{long}</div>",
        "<div class=tags><a href=/t>GONE</a></div>",
        "<nav class=pagination>{short}</nav>",
        "<div class='ad ad--mobile'>{short}</div>",
    ],
)
def test_what_is_named_for_what_it_is_goes(around: str) -> None:
    long = "".join(f"<div><p>GONE {ENGLISH}</p></div>" for _ in range(3))
    part = around.replace("{long}", long).replace("{short}", "<p>GONE</p>")
    text = read(
        f"<div class=wrap><div class=entry-content><h1>Title</h1>{story(ENGLISH)}</div>{part}</div><p>short</p>"
    )
    assert "(4)" in text
    assert "GONE" not in text


@pytest.mark.parametrize(
    "name",
    [
        "has-sidebar", "no-sidebar", "content-sidebar", "sidebar-right-content", "penci_sidebar", "right-sidebar",
        "with-navigation", "elementor-widget", "article-body pagination-first", "widget widget_sow-editor",
        "single-comments-open", "menu-open", "paywall", "js-share-enabled content", "page-template-footer-wide",
    ],
)  # fmt: skip
@pytest.mark.parametrize("tag", ["div", "section", "article"])
def test_names_of_layout_take_nothing_away(tag: str, name: str) -> None:
    columns = "".join(f"<div class=col><p>Plain words in a list of archives. {ENGLISH}</p></div>" for _ in range(3))
    text = read(f"<div class=page><{tag} class='{name}'><h1>Title</h1>{story(ENGLISH)}</{tag}>{columns}</div>")
    assert [number for number in range(1, 5) if f"({number})" not in text] == []


@pytest.mark.parametrize("name", ["related-work", "social-policy", "ad-hoc-queries", "recommended-settings"])
def test_a_name_with_a_word_nobody_knows_is_only_a_hint(name: str) -> None:
    html = (
        f"<main><h1>T</h1>{story(ENGLISH)}<div class={name}><p>KEPT {ENGLISH}</p></div><p>More words here.</p></main>"
    )
    assert "KEPT" in read(html)
    links = "".join(f"<li><a href=/{number}>GONE, a page</a>" for number in range(9))
    assert "GONE" not in read(html.replace("<p>KEPT", f"<ul>{links}</ul><p hidden>"))


def test_comments_longer_than_the_article_do_not_take_its_place() -> None:
    remarks = "".join(f"<article class=comment-body><p>GONE {number}: {ENGLISH}</p></article>" for number in range(30))
    html = (
        f"<article class=post><h1>Title</h1><div class=entry-content>{story(ENGLISH, 1)}</div>"
        f"<footer class=entry-footer><div id=comments class=comments-area>{remarks}</div></footer></article>"
    )
    text = read(html)
    assert "(1)" in text
    assert "GONE" not in text


def test_a_page_of_comments_alone_is_kept() -> None:
    remarks = "".join(f"<div class=comment><p>Remark {number}: {ENGLISH}</p></div>" for number in range(3))
    assert "Remark 2" in read(f"<div id=comments>{remarks}</div>")


def test_the_body_of_an_article_may_lie_in_several_pieces() -> None:
    pieces = "".join(
        f"<div class=article__body>{story(f'Piece {number}. {ENGLISH}', 2)}</div><div class=ad><p>GONE</p></div>"
        for number in range(3)
    )
    text = read(f"<article><h1>Title</h1>{pieces}</article><div class=comments>GONE</div>")
    assert all(f"Piece {number}." in text for number in range(3))
    assert "GONE" not in text


def test_microdata_names_the_body() -> None:
    html = f"""<div class=x><h1>Title</h1><div class=y><p>GONE: {ENGLISH}</p></div>
    <div itemprop=articleBody>{story(ENGLISH)}</div></div>"""
    text = read(html)
    assert text.startswith("Title")
    assert "(4)" in text
    assert "GONE" not in text


def test_an_article_with_the_title_is_the_one_meant_though_others_are_longer() -> None:
    others = "".join(f"<article><h2><a href=/{n}>GONE</a></h2>{story(ENGLISH, 3)}</article>" for n in range(5))
    text = read(f"<article><h1>Title</h1><p>KEPT {ENGLISH}</p></article>{others}")
    assert "KEPT" in text
    assert "GONE" not in text


def test_of_a_list_of_articles_all_are_kept() -> None:
    listed = "".join(
        f"<article class=post><h2><a href=/{number}>Story {number}</a></h2><div class=byline>by Ada</div>"
        f"<div class=entry-summary><p>{ENGLISH}</p></div><div class=share>GONE</div></article>"
        for number in range(5)
    )
    text = read(f"<main><h1>News</h1>{listed}</main>")
    assert all(f"Story {number}" in text for number in range(5))
    assert text.count("northern crossing") == 5
    assert "GONE" not in text


def test_a_page_of_links_alone_is_kept_though_it_is_published() -> None:
    listed = "".join(f"<li><h3><a href=/{number}>Headline {number}</a></h3>" for number in range(40))
    text = read(f"<main><h1>News</h1><ul>{listed}</ul><div class=share>x</div><div class=comments>y</div></main>")
    assert all(f"Headline {number}" in text for number in range(40))


def links(count: int = 12) -> str:
    return "".join(f"<li><a href=/{number}>GONE, something {number}</a>" for number in range(count))


POST = """<div class=post><div class=postbody><p class=author>GONE</p><p>{0}</p></div><div class=postprofile>
<a href=/u>GONE</a></div></div><div class=share>GONE</div>"""
ANSWER = """<div class=answer><div class="s-prose js-post-body"><p>{0}</p><pre>x = 1</pre></div>
<div class="comments js-comments-container"><p>GONE, what a thing to say about a bridge.</p></div></div>"""
PAGES = {
    "lines": """<div id=head><a href=/>GONE</a></div><div id=left>{links}</div>
    <div id=mid><h2>Title</h2>{lines}</div>""",
    "a form": """<form id=aspnetForm><div class=topnav>{links}</div><div><h1>Title</h1>{four}</div></form>""",
    "an empty main": """<main><div class=breaking>GONE</div></main><div class=story><h1>Title</h1>{four}</div>""",
    "links between": """<article><h1>Title</h1><ul>{links}</ul>{two}<div><b>More on this</b><ul>{links}</ul></div>
    {four}<div class=social-links>GONE</div></article>""",
    "code": """<ul class=nav>{links}</ul><h1>Title</h1><pre>{four}</pre>""",
    "scrolling": """<article><h1>Title</h1><div class=entry-content>{four}</div></article>
    <article><h1>GONE</h1><div class=entry-content>{four}</div></article>""",
    "made classes": """<div class=css-1>{links}</div><div class=css-3><div class=css-4><h1>Title</h1><div class=css-6>
    {two}</div><div class=css-7>{four}</div></div></div><div class=css-9>{links}</div>""",
    "open graph": """<meta property=og:type content=article><main class="mx-auto max-w-3xl"><h1>Title</h1>{four}
    <div class="mt-8 border-t"><h2>Related articles</h2><div class=grid>{teasers}</div></div></main>""",
    "drupal": """<div class="region region-content"><div class="node node-article"><h1>Title</h1><div class=submitted>
    GONE</div><div class="field field-name-body field-type-text-with-summary">{four}</div><div class="field
    field-name-field-tags"><a href=/t>GONE</a></div></div></div><div class=region-sidebar-second>{links}</div>""",
    "joomla": """<div class=item-page><div class=page-header><h2>Title</h2></div><dl class="article-info muted"><dd>GONE
    </dl><div itemprop=articleBody>{four}</div><ul class="pager pagenav">{links}</ul></div>
    <div class=moduletable><ul>{links}</ul></div>""",
    "a forum": "<h2>Title</h2>" + "".join(POST.replace("{0}", f"{ENGLISH} ({number})") for number in range(1, 5)),
    "answers": "<h1>Title</h1>" + "".join(ANSWER.replace("{0}", f"{ENGLISH} ({number})") for number in range(1, 5)),
}


@pytest.mark.parametrize("kind", PAGES)
def test_the_text_is_found_however_the_page_is_made(kind: str) -> None:
    lines = "<br>".join(f"{ENGLISH} ({number})<br>" for number in range(1, 5))
    parts = {"links": links(), "teasers": teasers(), "two": story(ENGLISH, 2), "four": story(ENGLISH), "lines": lines}
    page = PAGES[kind]
    for name, part in parts.items():
        page = page.replace("{" + name + "}", part)
    text = read(page)
    assert [number for number in range(1, 5) if f"({number})" not in text] == []
    assert "Title" in text
    assert "GONE" not in text


@pytest.mark.parametrize(
    "line",
    [
        "Photo: Ada Example/Agency", "(Image: AGENCY )", "Foto: dpa", "Фото: Агентство", "© 2024 The Paper",
        "Updated 11:21 pm, 19 November 2019", "Aktualisiert am 3. Mai 2024", "Publicado el 3 de mayo de 2024",
        "Share on Facebook | Twitter | WhatsApp", "Teilen", "分享到：微博 微信", "Поделиться ВКонтакте",
        "Advertisement", "Anzeige", "広告", "Story continues below advertisement",
    ],
)  # fmt: skip
def test_lines_that_serve_the_page_are_no_text_of_an_article(line: str) -> None:
    article = f"<article><h1>Title</h1><div class=byline>Ada</div>{story(ENGLISH, 2)}<div>{line}</div>{story(ENGLISH)}"
    assert line not in read(article + "</article>")
    assert line in read(f"<h1>Title</h1>{story(ENGLISH, 2)}<div>{line}</div>{story(ENGLISH)}")


def test_an_article_goes_on_below_what_is_offered_in_the_middle_of_it() -> None:
    offered = f"<h4>Related</h4><ul>{links()}</ul><h4>Related articles</h4>{teasers(3)}"
    html = f"<article><h1>Title</h1><div class=share>x</div>{story(ENGLISH, 2)}{offered}{story(ENGLISH)}</article>"
    text = read(html)
    assert "(4)" in text
    assert "GONE" not in text


@pytest.mark.parametrize("name", ["category-cookies", "tag-social", "author-menu", "topic-newsletter", "tag-comments"])
def test_what_a_post_is_filed_under_tells_nothing_of_it(name: str) -> None:
    posts = "".join(f"<article class='post {name}'><h2>P</h2>{story(ENGLISH, 2)} {n}!</article>" for n in range(1, 4))
    text = read(f"<main><h1>Posts</h1>{posts}</main>")
    assert all(f"{number}!" in text for number in range(1, 4))


def test_a_menu_of_dishes_is_text() -> None:
    dishes = "".join(f"<h3>Dish {number}</h3><p>With beans, rice and a sauce of peppers</p>" for number in range(20))
    html = (
        f"<nav class=menu><ul>{links()}</ul></nav><h1>Title</h1>{story(ENGLISH)}<div class=menu-section>{dishes}</div>"
    )
    text = read(html)
    assert "Dish 19" in text
    assert "GONE" not in text


def test_the_name_of_the_site_in_a_menu_is_no_title() -> None:
    html = f"<nav><h1>GONE</h1><ul>{links()}</ul></nav><div class=post><h2>Title</h2>{story(ENGLISH)}</div>"
    text = read(html)
    assert text.startswith("Title")
    assert "GONE" not in text


def test_the_title_in_a_header_is_kept() -> None:
    text = read(f"<header class=masthead><h1>Title</h1></header><div class=post>{story(ENGLISH)}</div>")
    assert text.startswith("Title")


def test_captions_are_text_where_an_article_is_made_of_pictures() -> None:
    pictures = "".join(f"<figure><img src=i><figcaption>{ENGLISH} ({n})</figcaption></figure>" for n in range(1, 5))
    html = f"<article><h1>Title</h1><div class=byline>GONE</div>{story(ENGLISH)}%s<div class=share>GONE</div></article>"
    assert "(4)" in read(f"<article><h1>Title</h1><div class=share>GONE</div><p>{ENGLISH}</p>{pictures}</article>")
    assert "GONE" not in read(html % "<figure><img src=i><figcaption>GONE</figcaption></figure>")


def test_a_chapter_called_comments_is_kept_where_others_follow() -> None:
    html = f"""<meta property=og:type content=article><article><h1>Title</h1>{story(ENGLISH, 2)}<h2>Comments</h2>
    <p>KEPT They begin with a hash, and go on to the end of the line.</p><h2>Names</h2>{story(ENGLISH)}</article>"""
    assert "KEPT" in read(html)
    assert "KEPT" not in read(html.replace("<h2>Names</h2>", ""))


# ---------------------------------------------------------------- documentation


def test_documentation_keeps_its_lists_of_links_tables_and_captions() -> None:
    html = f"""<nav class=navbar>GONE</nav><div class=theme-layout><main class=docMainContainer><article>
    <nav class=theme-doc-breadcrumbs>GONE</nav><div class='theme-doc-markdown markdown'><h1>Install</h1><p>{ENGLISH}</p>
    <ul><li><a href=/a>First guide</a><li><a href=/b>Second guide</a></ul><h2>Comments</h2>
    <p>They begin with a hash.</p><figure><img src=i><figcaption>How parts fit</figcaption></figure><pre>
    <code>make all</code></pre>
    <table><tr><th>Name<th>Link<tr><td>a<td><a href=/c>About a</a></table><h2>See also</h2>
    <ul><li><a href=/d>Third guide</a></ul></div><footer class=theme-doc-footer>GONE</footer></article></main></div>"""
    text = read(html)
    for kept in ("First guide", "Comments", "They begin", "How parts fit", "make all", "About a", "Third guide"):
        assert kept in text
    assert "GONE" not in text


def test_an_index_keeps_its_links() -> None:
    letters = "".join(f"<dt><a href=/f{number}>f{number}()</a><dd>in module m{number}" for number in range(200))
    text = read(f"<div class=related role=navigation>GONE</div><div role=main><h1>Index</h1><dl>{letters}</dl></div>")
    assert all(f"f{number}()" in text for number in range(200))
    assert "GONE" not in text


def test_links_around_text_that_nothing_is_said_of_go() -> None:
    links = "".join(f"<li><a href=/{number}>GONE {number}</a>" for number in range(30))
    article = f"<div><div><p>Title</p>{story(ENGLISH)}</div></div>"
    html = f"<div><div>Topics<ul>{links}</ul></div>{article}<ul>{links}</ul></div>"
    text = read(html)
    assert "(4)" in text
    assert "GONE" not in text

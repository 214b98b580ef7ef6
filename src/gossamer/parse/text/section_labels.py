"""What short lines announce that stand over or between the parts of an article: "Comments", "Read more:", "Share".

Names of elements say the same, but in English mostly, or nothing at all where a tool made them; these lines are written
for the readers of a page, in their language. One alone proves nothing: "Comments" is a chapter in manuals, too.
"""
# ruff: noqa: RUF001  the letters of other scripts are meant

from __future__ import annotations

import re
from enum import Enum
from typing import Final


class Label(Enum):
    """What a line announces."""

    COMMENTS = 0
    OTHERS = 1  # other pages, or letters by mail
    CONTROL = 2  # a button to share or print, an advertisement


_COMMENTS: Final = (
    (
        r"(?:\d+ )?(?:comments?|kommentare?|kommentarer|comentarios?|comentários?|commentaires?|commenti|reacties|"
        r"komentarze|komentar|yorumlar|комментари[ийя]|комментариев|коментарі|التعليقات|تعليقات|コメント|评论|評論|댓글|"
        r"टिप्पणियाँ)(?: ?\(?\d+\)?)?|\d+ (?:responses?|replies|reviews|réponses|antworten|respuestas|"
        r"respostas|ответ(?:а|ов)?)"
    ),
    r"(?:leave|post|add|write) a (?:comment|reply).*|join the (?:conversation|discussion).*",  # English
    r"(?:schreiben? sie einen|schreibe einen|hinterlassen sie einen|einen) kommentar.*",  # German
    r"(?:deja|dejar|escribe) un comentario.*|deja una respuesta.*",  # Spanish
    r"(?:deixe|escreva) (?:um|seu) comentário.*|deixe uma resposta.*",  # Portuguese
    r"(?:laisser|laissez|ajouter) un commentaire.*|laisser une réponse.*",  # French
    r"lascia un commento.*|plaats een reactie.*|dodaj komentarz.*|bir (?:yorum|cevap) yaz.*|tinggalkan balasan.*",
    r"(?:добавить|оставить|оставьте|написать) комментарий.*",  # Russian
    r"اترك (?:تعليقا|ردا).*",  # Arabic
    r"コメントを(?:残す|書く).*|(?:发表|發表|添加)(?:评论|回复|評論|迴響|留言).*|댓글 ?(?:남기기|쓰기).*",
)
_OTHERS: Final = (
    (  # English
        r"(?:related|similar|recommended|more|other|latest|recent|popular|trending|top) (?:articles?|posts?|"
        r"stor(?:y|ies)|news|reading|content|coverage|topics|videos?)(?: .{0,20})?|(?:you )?(?:may|might) (?:also|be) "
        r"(?:like|interested).*|read (?:more|next|also)|recommended(?: for you)?|more (?:from|on|in|like) .{0,40}|"
        r"up next|most (?:read|popular|viewed|shared)|trending(?: now)?|don't miss|"
        r"(?:sign up|subscribe) (?:for|to) .{0,60}|newsletter.*"
    ),
    (  # German
        r"mehr zum thema.*|das könnte (?:sie|dich) auch interessieren.*|lesen sie (?:auch|mehr).*|auch interessant|"
        r"weitere (?:artikel|beiträge|themen|meldungen|nachrichten).*|(?:ähnliche|verwandte|neueste) (?:artikel|"
        r"beiträge|themen)|meistgelesen|abonnieren sie .*"
    ),
    (  # Spanish
        r"(?:artículos|noticias|entradas|notas|contenidos?|temas) (?:relacionad[oa]s?|similares|recientes)|"
        r"(?:también )?te (?:puede|podría) interesar.*|le puede interesar.*|lee también|leer más|"
        r"lo más (?:leído|visto)|más noticias.*|suscríbe[ts]e .*"
    ),
    (  # Portuguese
        r"(?:artigos|matérias|notícias|posts|conteúdos?) (?:relacionad[oa]s|semelhantes|recentes)|(?:leia|veja|"
        r"confira) (?:também|mais).*|você (?:também )?pode gostar.*|saiba mais|mais lidas|últimas notícias|"
        r"inscreva-se .*"
    ),
    (  # French
        r"[àa] lire (?:aussi|également).*|lire (?:aussi|la suite)|articles? (?:similaires?|liés?|connexes?|récents?)|"
        r"sur le même sujet|vous aimerez aussi.*|dans la même rubrique|les plus lus|inscrivez-vous .*"
    ),
    r"(?:articoli|notizie) (?:correlat[ie]|simili|recenti)|leggi anche.*|(?:ti )?potrebbe.* interessar.*",  # Italian
    (  # Dutch, Swedish, Norwegian, Danish
        r"lees ook.*|meer (?:over|nieuws).*|gerelateerde (?:artikelen|berichten)|läs (?:också|även).*|"
        r"relaterade artiklar|les også.*|læs også.*"
    ),
    r"(?:czytaj|zobacz) (?:także|też|również).*|podobne (?:artykuły|wpisy)",  # Polish
    r"ilgili (?:haberler|yazılar|konular)|bunlar da ilginizi.*|baca juga.*|(?:artikel|berita) terkait|xem thêm.*",
    (  # Russian
        r"(?:читайте|смотрите) также.*|похожие (?:статьи|записи|новости|материалы)|(?:материалы|новости) по теме|"
        r"по теме|другие новости|ещё по теме|рекомендуем|популярное|самое читаемое|подпи(?:сывайтесь|шитесь).*"
    ),
    (  # Arabic, Hindi
        r"(?:مقالات|أخبار|مواضيع|موضوعات) (?:ذات صلة|مشابهة|متعلقة)|اقرأ أيض[اً]+.*|قد يعجبك أيض[اً]+.*|ذات صلة|"
        r"المزيد من.*|اشترك .*|संबंधित (?:खबरें|लेख|समाचार)|(?:यह|ये) भी पढ़ें.*"
    ),
    (  # Japanese
        r"関連(?:記事|リンク|ニュース|する記事)|おすすめ(?:の)?記事|あわせて読みたい.*|人気記事|最新記事|"
        r"こちらの記事も.*|メルマガ.*"
    ),
    (  # Chinese
        r"(?:相关|相關)(?:阅读|閱讀|文章|新闻|新聞|推荐|推薦|报道|報導)|(?:推荐|推薦|延伸)(?:阅读|閱讀|文章)|"
        r"热门文章|熱門文章|猜你喜欢|订阅.*"
    ),
    r"관련 ?(?:기사|뉴스|글)|추천 ?(?:기사|뉴스)|많이 본 (?:기사|뉴스)|인기 ?기사|뉴스레터.*",  # Korean
)
_TO_SHARE: Final = (
    r"(?:share|tweet|pin|print|e-?mail|facebook|twitter|x|whatsapp|telegram|linkedin|pinterest|reddit|copy link|teilen|"
    r"drucken|merken|compartir|compartilhar|compartilhe|partager|imprimer|imprimir|condividi|stampa|delen|dela|"
    r"udostępnij|paylaş|bagikan|поделиться|распечатать|вконтакте|одноклассники|مشاركة|طباعة|شارك|शेयर करें|シェア|"
    r"ツイート|分享到?|微博|微信|공유(?:하기)?|on|auf|via|this|article|story|to|with|friends?|or|and|und|et|e|y|и|by|en|"
    r"no|na|sur|su|в)(?:[\s,|/·•:：!]+|\Z)"
)
_ADVERT: Final = re.compile(
    r"advertisement|advertising|ad|sponsored(?: content)?|continue reading.*|(?:article|story) continues below.*|"
    r"anzeige|werbung|publicité|publicidad|publicidade|anúncio|pubblicità|advertentie|reklama|reklam|annonse?|iklan|"
    r"реклама|إعلان|विज्ञापन|広告|廣告|广告|광고"
)
_NOTE: Final = re.compile(
    # whose a picture is
    r"\(?(?:photos?|images?|pictures?|fotos?|bild(?:er)?|credits?|crédits?|fotografía|фото|写真|图片|圖片|사진|الصورة)"
    r"(?: (?:credit|copyright|by|courtesy|source|caption)\b.*| ?[:：/|©].*)|©.*|copyright .*|"
    # when a page was written
    r"(?:(?:first|last) )?(?:published|updated|posted|modified|aktualisiert|veröffentlicht|publié|mis à jour|"
    r"publicado|actualizado|atualizado|pubblicato|aggiornato|gepubliceerd|опубликовано|обновлено|تاريخ النشر|"
    r"公開日|更新日|发布时间|發布時間|입력|수정)\W.*\d.*|"
    # what a script would have put here
    r"media playback is unsupported.*|(?:this|the) (?:slideshow|video|feature) requires javascript|"
    r"loading(?: .{0,20})?"
)
_COMMENT: Final = re.compile("|".join(f"(?:{one})" for one in _COMMENTS))
_OTHER: Final = re.compile("|".join(f"(?:{one})" for one in _OTHERS))
_SHARE: Final = re.compile(f"(?:{_TO_SHARE})+")
_LINK: Final = re.compile(r"\[([^\[\]]*)\]\((?:<[^<>]*>|[^()\s]*)\)")
_COLON: Final = re.compile("[:：]")
_AROUND: Final = " \t\n#*_:：.…!?»›>→-–—[]()【】「」"
_LONGEST: Final = 60
"""Characters beyond which a line is no label."""


def label(text: str, *, linked: bool) -> Label | None:
    """Return what a line of Markdown or plain text announces; one that is `linked` may have a link after saying so."""
    said = _LINK.sub(r"\1", text) if "](" in text else text
    said = said.strip(_AROUND).casefold()
    if linked:
        said = _COLON.split(said, maxsplit=1)[0].rstrip()
    if len(said) > _LONGEST:
        return None
    if _COMMENT.fullmatch(said):
        return Label.COMMENTS
    if _OTHER.fullmatch(said):
        return Label.OTHERS
    return Label.CONTROL if _ADVERT.fullmatch(said) or _SHARE.fullmatch(said) or _NOTE.fullmatch(said) else None

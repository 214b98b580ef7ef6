"""Pages on which readers of HTML part ways; each is one question to a browser with scripting off."""
# ruff: noqa: E501  # markup broken over lines would be other markup

from __future__ import annotations

from typing import Final

HEAD: Final = "<!doctype html><html><head><title>t</title></head><body>"

TRICKY: Final[dict[str, str]] = {
    # where base counts
    "base in head": "<head><base href=/b/dir/><title>t</title></head><a href=x>",
    "base in body": f"{HEAD}<a href=before><p><base href=/b/dir/></p><a href=after>",
    "base after base": f"<base href=/one/><base href=/two/>{HEAD}<a href=x>",
    "base without href first": f"<base target=_blank><base href=/two/>{HEAD}<a href=x>",
    "base that is empty": f"<base href=''>{HEAD}<a href=x>",
    "base with white space": f"<base href=' \n/b/\tc/ '>{HEAD}<a href=x><a href='?q'>",
    "base with query and fragment": f"<base href='/b/c?d#e'>{HEAD}<a href=x><a href='?q'>",
    "base that is no URL": f"<base href='http://[/'>{HEAD}<a href=x>",
    "base of data": f"<base href='data:text/html,x'>{HEAD}<a href=x>",
    "base of javascript": f"<base href='javascript:x'>{HEAD}<a href=x><a href=http://other.example/y>",
    "base of ftp": f"<base href='ftp://files.example/dir/'>{HEAD}<a href=x><a href=http://other.example/y>",
    "base with userinfo": f"<base href='//user:pass@127.0.0.1/b/'>{HEAD}<a href=x>",
    "base in template": f"<template><base href=/t/></template>{HEAD}<a href=x>",
    "base in svg": f"{HEAD}<svg><base href=/s/></svg><a href=x>",
    "base in svg foreignObject": f"{HEAD}<svg><foreignObject><base href=/s/></foreignObject></svg><a href=x>",
    "base in noscript": f"<head><noscript><base href=/n/></noscript></head>{HEAD}<a href=x>",
    "base in a comment": f"<!-- <base href=/c/> -->{HEAD}<a href=x>",
    "base in title": "<title><base href=/t/></title><a href=x>",
    "base in select": f"{HEAD}<select><base href=/s/><option>o</select><a href=x>",
    "base in a table": f"{HEAD}<table><base href=/s/><tr><td></table><a href=x>",
    "links to the base itself": f"<base href=/other/page>{HEAD}<a href=x><a href='#top'><a href=''>",
    # what is not the document
    "template": f"{HEAD}<template><a href=in></template><a href=out>",
    "template in template": f"{HEAD}<template><template><a href=in></template><a href=in2></template><a href=out>",
    "template never closed": f"{HEAD}<a href=before><template><div><a href=in></div></body></html><a href=in2>",
    "template end without start": f"{HEAD}</template><a href=out>",
    "template in svg": f"{HEAD}<svg><template><a href=in></a></template></svg><a href=out>",
    "template in a table": f"{HEAD}<table><template><tr><td><a href=in></template><tr><td><a href=out></table>",
    "template that closes itself": f"{HEAD}<template/><a href=in></template><a href=out>",
    "comments of all kinds": f"{HEAD}<!--><a href=a>--><!---><a href=b>--><!--x--!><a href=c>--><!-- <!-- --><a href=d>"
    "<!-x><a href=e><!><a href=f><?php <a href=g>?><a href=h></ <a href=i>><a href=j><!--",
    "comment never closed": f"{HEAD}<a href=before><!-- <a href=in> -- > <a href=in2>",
    "conditional comments": f"{HEAD}<!--[if IE]><a href=in><![endif]--><![if !IE]><a href=out><![endif]>",
    "CDATA in HTML": f"{HEAD}<![CDATA[<a href=x>]]><a href=y>",
    "CDATA in svg": f"{HEAD}<svg><![CDATA[<a href=x></a>]]><a href=y></a></svg><a href=z>",
    "CDATA in svg never closed": f"{HEAD}<a href=before><svg><![CDATA[ > <a href=x></a></svg><a href=z>",
    "script with a link": f"{HEAD}<script>'<a href=x>'</script><a href=y>",
    "script with escaped script": f"{HEAD}<script><!--<script></script><a href=x>--></script><a href=y>",
    "script with a comment never closed": f"{HEAD}<script><!-- </script><a href=y>",
    "style with a link": f"{HEAD}<style><a href=x></style><a href=y>",
    "noscript in body": f"{HEAD}<noscript><p><a href=x></p></noscript><a href=y>",
    "noscript in head": "<head><noscript><link rel=alternate href=a><p><a href=x></noscript></head><a href=y>",
    "noscript never closed": f"{HEAD}<noscript><a href=x><a href=y>",
    "noframes": f"{HEAD}<noframes><a href=x></noframes><a href=y>",
    "noembed": f"{HEAD}<noembed><a href=x></noembed><a href=y>",
    "textarea": f"{HEAD}<textarea><a href=x></textarea><a href=y>",
    "xmp": f"{HEAD}<xmp><a href=x></xmp><a href=y>",
    "plaintext": f"{HEAD}<a href=y><plaintext><a href=x></plaintext><a href=z>",
    "listing and pre": f"{HEAD}<listing><a href=x></listing><pre>\n<a href=y></pre>",
    "iframe with text": f"{HEAD}<iframe src=/f><a href=x></iframe><a href=y>",
    "iframe with srcdoc": f"{HEAD}<iframe srcdoc='<a href=x>' src=/f></iframe><a href=y>",
    "iframe that closes itself": f"{HEAD}<iframe src=/f /><a href=x></iframe><a href=y>",
    "iframe without a link": f"{HEAD}<iframe src=about:blank></iframe><iframe src=''></iframe><iframe></iframe><a href=y>",
    # svg and math
    "svg links": f"{HEAD}<svg><a href=one xlink:href=two></a><a xlink:href=three></a><a XLINK:HREF=four></a></svg>",
    "svg with HTML inside": f"{HEAD}<svg><foreignObject><a href=x>x</a><p><a href=y></p></foreignObject><a href=z></a></svg>",
    "svg broken out of": f"{HEAD}<svg><g><p><a xlink:href=no href=x></a></svg><a href=y>",
    "svg title with a link": f"{HEAD}<svg><title><a href=x></a></title><style><a xlink:href=y></a></style></svg><a href=z>",
    "svg with text elements of HTML": f"{HEAD}<svg><xmp><a href=x></a></xmp><textarea><a href=y></a></textarea></svg><a href=z>",
    "svg font": f"{HEAD}<svg><font face=x><a xlink:href=no href=x></a></svg>",
    "svg closed by a paragraph": f"{HEAD}<svg><a href=w></a></p><a xlink:href=no href=x>",
    "svg in a link": f"{HEAD}<a href=x><svg></a><a xlink:href=y></a></svg>",
    "math": f"{HEAD}<math><mi><a href=x></a></mi><mtext><a href=y></a></mtext></math><a href=z>",
    "math annotation": f"{HEAD}<math><annotation-xml encoding=TEXT/HTML><a href=x></a></annotation-xml></math><a href=z>",
    "frames and base in svg desc": f"{HEAD}<svg><desc><iframe src=/f></iframe></desc><iframe src=/g><a href=x></a></svg>",
    # tree building
    "links in links": f"{HEAD}<a href=x>1<a href=y>2<div><a href=z>3</div></a></a>",
    "nested forms": f"{HEAD}<form><a href=x><form action=/f><a href=y></form><a href=z></form>",
    "fostered out of a table": f"{HEAD}<table><a href=x>1</a><tr><a href=y>2</a><td><a href=z></table>",
    "column group": f"{HEAD}<table><colgroup><a href=x><col></colgroup><caption><a href=y></caption></table>",
    "select with links": f"{HEAD}<select><a href=x>1</a><option><a href=y>2</a></option></select><a href=z>",
    "select in a table": f"{HEAD}<table><tr><td><select><a href=x><tr><td><a href=y></table>",
    "frameset": "<head><title>t</title></head><frameset><frame src=/f><frame src=/g><a href=x></frameset>"
    "<noframes><a href=y></noframes>",
    "frameset after text": f"{HEAD}text<frameset><frame src=/f></frameset><a href=x>",
    "frame in body": f"{HEAD}<frame src=/f><a href=x>",
    "links after the end": f"{HEAD}<a href=x></body></html><a href=y><p><link rel=next href=z>",
    "head elements twice": "<head><title>one</title></head><head><title>two</title><link rel=next href=n></head><a href=x>",
    "no structure at all": "<a href=x>x",
    "frame set in HTML of 1996": "<HTML><HEAD><TITLE>Old &amp; good</TITLE></HEAD><FRAMESET COLS='1,2'><FRAME SRC=a.html>"
    "<FRAMESET><FRAME SRC=b.html></FRAMESET></FRAMESET></HTML>",
    "option ends and hr in select": f"{HEAD}<select><option>a<hr><input><a href=x></select>",
    "image is img": f"{HEAD}<image src=/i><a href=x>",
    "button in button": f"{HEAD}<button><a href=x><button><a href=y></button><a href=z>",
    "paragraph in heading": f"{HEAD}<h1><p><a href=x></h2><a href=y></p></h1>",
    # tags and attributes
    "attribute never closed": f'{HEAD}<a href=x><a href="y><a href=z>',
    "tag never closed": f"{HEAD}<a href=x><a href=y",
    "tag in a tag": f"{HEAD}<a href=x <a href=y><b <a href=z>>",
    "attribute twice": f"{HEAD}<a href=x href=y><a HREF=z href=w>",
    "attributes without space": f"{HEAD}<a title='t'href='x'><a/href=y/><a href = z>",
    "quotes in the wrong place": f'{HEAD}<a href=x\'y><a href="x""y"><a "href=z"><a href=\'\'x><a =href=q>',
    "equals sign first": f"{HEAD}<a href==x><a ==href=y href=z>",
    "upper case and slashes": f"{HEAD}<A HREF=X></A><A/HREF=Y/></a/ x><a\fhref=z\f>",
    "null characters": f"{HEAD}<a href=x\0y><a\0 href=z><a h\0ref=w>",
    "tags that are none": f"{HEAD}< a href=x></ a><1 href=y><$a href=z><a-b href=w></><a href=last>",
    "names that begin like tags": f"{HEAD}<ab href=x><area-x href=y><a:b href=z><a.b href=w><link2 rel=next href=v>",
    "map and area": f"{HEAD}<map name=m><area href=x><area href=y nohref><area></map><area href=z>",
    "link elements": f"{HEAD}<link rel=next href=n><link rel='PREV x' href=p><link rel=alternate type=text/html href=a>"
    "<link rel=alternate type=application/rss+xml href=r><link rel='alternate stylesheet' href=s><link rel=icon href=i>"
    "<link rel=canonical href=c><link rel=canonical href=d><link href=e><link rel=alternate type=' TEXT/HTML ; a=b' href=h>",
    # hrefs
    "references in hrefs": f"{HEAD}<a href='?a=1&amp;b=2&copy=3&copy;4&notit;&#x41;&#65;&#128;&#0;&#xD800;&#x110000;&amp&lt=5'>"
    "<a href=?a&quot><a href='&#104;ttp&colon;&sol;&sol;h.example&sol;p'><a href='&Tab;x&NewLine;y'><a href='a&nbsp;b'>",
    "references without end": f"{HEAD}<a href='?x&#65y&#x41z&ampq&gt=1&gtx&acE;&NotEqualTilde;&lang=de&para=1&sect;'>",
    "white space in hrefs": f"{HEAD}<a href=' x '><a href='\n\ty\r\nz\f'><a href='a b'><a href='\x01c\x1f'><a href='\u00a0d'>"
    "<a href='ht\ntp://h.example/e'><a href='\u3000f'>",
    "backslashes": f"{HEAD}<a href='\\x\\y'><a href='\\\\h.example\\z'><a href='http:\\\\g.example'><a href='/a?b\\c'>",
    "schemes": f"{HEAD}<a href=HTTP://H.EXAMPLE/A><a href=http:x><a href=https:x><a href=http:/x><a href=ftp://f.example/>"
    "<a href=mailto:a@b.example><a href=JavaScript:void(0)><a href=tel:1><a href=blob:x><a href=file:///x><a href=view:x>"
    "<a href='java\nscript:x'><a href=//h.example/y><a href=///h.example/z><a href=:x><a href=1:x>",
    "dots and percents": f"{HEAD}<a href=a/./b/../c><a href=%2e%2E/d><a href=../../../../e><a href=f%zz%2f%C3%A9><a href='é?é#é'>"
    "<a href='g\"<>`{|}^'><a href=\"?q'\">",
    "hosts": f"{HEAD}<a href=http://ex.example:80/a><a href=https://ex.example:443/b><a href=http://BÜCHER.example/>"
    "<a href=http://1.2.3/><a href=http://0x7f.1/><a href=http://[::1]:8/><a href=http://a..b/><a href='http://a b/'>"
    "<a href=http://%65x.example/><a href=http://h.example:99999/><a href=http://h.example./><a href=http:///><a href=http://?x>"
    "<a href=http://xn--a/><a href=http://user:pass@h.example/p>",
    "fragments only": f"{HEAD}<a href='#'><a href=' #x'><a href='?#x'><a href='page#x'><a href=''><a href>",
    "duplicate hrefs spelt differently": f"{HEAD}<a href=x><a href=./x><a href='x#y'><a href='&#120;'><a href=X>",
    # title
    "title with tags": "<title>A <b>bold</b> &amp; <!-- x --> title</title><a href=x>",
    "title of white space": "<title>  a\n\t b\u00a0 c\u2003 </title><a href=x>",
    "titles": "<title></title><title>second</title><a href=x>",
    "title in body": "<body><p>x<title>body</title><a href=x>",
    "title in svg first": "<body><svg><title>svg</title></svg><title>page</title><a href=x>",
    "title in template first": "<template><title>no</title></template><title>page</title><a href=x>",
    "title never closed": "<title>all of it <a href=x>",
    "title with a first line break": "<title>\nline</title><a href=x>",
    "title with a null": "<title>a\0b&#0;c</title><a href=x>",
    # meta refresh
    "refresh": "<meta http-equiv=refresh content='999;url=r'><a href=x>",
    "refresh without url": "<meta http-equiv=refresh content='999; r'><a href=x>",
    "refresh with quotes": "<meta http-equiv=Refresh content=\"999,URL = 'r s' t\"><a href=x>",
    "refresh with spaces": "<meta http-equiv=refresh content=' 999.9.9 ; \n url\t= r '><a href=x>",
    "refresh twice": "<meta http-equiv=refresh content='999;url=r'><meta http-equiv=refresh content='998;url=s'><a href=x>",
    "refresh without time": "<meta http-equiv=refresh content='url=r'><a href=x>",
    "refresh of nothing": "<meta http-equiv=refresh content='.;url=r'><meta http-equiv=refresh content='999x;url=s'><a href=x>",
    "refresh in body": f"{HEAD}<meta http-equiv=refresh content='999;url=r'><a href=x>",
    "refresh in template": "<template><meta http-equiv=refresh content='999;url=r'></template><a href=x>",
    "refresh in noscript": "<head><noscript><meta http-equiv=refresh content='999;url=r'></noscript></head><a href=x>",
    "refresh before base": "<meta http-equiv=refresh content='999;url=r'><base href=/b/><a href=x>",
    "refresh with a url that is no url": "<meta http-equiv=refresh content='999;url'><a href=x>",
}

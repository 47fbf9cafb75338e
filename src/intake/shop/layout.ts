import { html, type Markup } from './html.ts';
import { type Language, languages, type Words } from './words.ts';

/** What all pages of the shop need to know. */
export interface Shop {
  readonly texts: Readonly<Record<Language, Words>>;
  /** Path of the versioned assets, without a slash at its end. */
  readonly assets: string;
  /** Script modules of the sale's page, to be loaded side by side. */
  readonly modules: readonly string[];
  /** Orders need a token that the shop hands over. */
  readonly customerFromToken: boolean;
}

/** What a page of the shop puts into the layout. */
export interface Frame {
  readonly title: string;
  /** Path and query of this page without its language. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly head?: Markup | undefined;
  readonly body: Markup;
}

/** A whole document. */
export function layout(shop: Shop, words: Words, frame: Frame): string {
  const named = words.language === languages[0] ? {} : { lang: words.language };
  return html`<!doctype html>
<html lang="${words.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${frame.title}</title>
<link rel="icon" href="${shop.assets}/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${shop.assets}/shop.css">
${frame.head}</head>
<body>
<a class="skip" href="#main">${words.say('skip')}</a>
<header class="top">
<a class="brand" href="${address('/', named)}">Sluice</a>
<nav aria-label="${words.say('language.switch')}">${languages.map((language) => switchTo(language))}</nav>
</header>
<main id="main" tabindex="-1">
${frame.body}</main>
</body>
</html>
`.markup;

  function switchTo(language: Language): Markup {
    const href = address(frame.path, { ...frame.query, lang: language });
    const name = shop.texts[language].say('language.name');
    const current = language === words.language ? html` aria-current="true"` : undefined;
    return html`<a href="${href}" lang="${language}" hreflang="${language}"${current}>${name}</a>`;
  }
}

/** A path with a query. */
export function address(path: string, query: Readonly<Record<string, string>>): string {
  const text = String(new URLSearchParams(query));
  return text === '' ? path : `${path}?${text}`;
}

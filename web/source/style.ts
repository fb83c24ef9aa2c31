/**
 * Adds a style sheet to a document or shadow root. A constructed one needs no permission from the page's content security policy;
 * older browsers get a `style` element.
 */
export function addStyle(to: Document | ShadowRoot, css: string, realm: typeof globalThis = globalThis): void {
    try {
        const sheet = new realm.CSSStyleSheet();
        sheet.replaceSync(css);
        to.adoptedStyleSheets = [sheet];
    } catch {
        const style = document.createElement("style");
        style.textContent = css;
        ("head" in to ? to.head : to).append(style);
    }
}

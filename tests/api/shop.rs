//! The name, logo, colour and link of the shop on the account pages and in mails (`PATRON_SHOP_…`).

use crate::support::{Actor, Mail, TestApp, apply, on_both_databases};

const PAGES: [&str; 2] = ["/account/verify-email", "/account/reset-password"];
/// The first bytes of a PNG image are enough to recognize it.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
const HOSTILE_NAME: &str = "<b onclick=\"alert(1)\">'Evil' & Co {{ 7 * 6 }}<!-- onward -->";
const ESCAPED_NAME: &str =
    "&lt;b onclick=&quot;alert(1)&quot;&gt;&#39;Evil&#39; &amp; Co {{ 7 * 6 }}&lt;!-- onward --&gt;";

/// Another server with this shop. The logo is a file with these bytes.
async fn shop(app: &TestApp, logo: Option<&[u8]>, settings: &[(&'static str, &str)]) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logo");
    if let Some(logo) = logo {
        std::fs::write(&path, logo).unwrap();
    }
    app.another_with(|flags| {
        let flags = settings.iter().fold(flags, |flags, &(name, value)| flags.with(name, value));
        if logo.is_some() { flags.with("PATRON_SHOP_LOGO", path.display().to_string()) } else { flags }
    })
    .await
}

/// The mail that asks a new customer to verify the address.
async fn verification_mail(app: &TestApp) -> Mail {
    app.register("a@x.io").await;
    app.one_mail().await
}

#[apply(on_both_databases!)]
async fn without_settings_no_shop_is_shown(app: &TestApp) {
    for path in PAGES {
        let page = app.anonymous().get(path).await;
        assert!(!page.text.contains("<header") && !page.text.contains("class=\"onward\""), "{path}");
        assert!(!page.text.contains("<!-- shop") && !page.text.contains("<!-- onward"), "{path}");
    }
    assert_eq!(app.anonymous().get("/account/shop.css").await.text, "");
    app.anonymous().get("/account/logo").await.assert_failure(404, "not_found");
    let mail = verification_mail(app).await;
    assert!(mail.text.trim_end().ends_with(&app.url) && !mail.html.contains("<img"), "{mail:?}");
}

#[apply(on_both_databases!)]
async fn pages_and_mails_show_the_shop(app: &TestApp) {
    let settings = [
        ("PATRON_SHOP_NAME", "Kiosk"),
        ("PATRON_SHOP_URL", "https://kiosk.example"),
        ("PATRON_SHOP_COLOR", "#f59e0b"),
    ];
    let app = shop(app, Some(PNG), &settings).await;
    for path in PAGES {
        let page = app.anonymous().get(path).await.text;
        let header = "<header class=\"shop\" data-name=\"Kiosk\"><a href=\"https://kiosk.example/\">\
            <img src=\"logo\" alt=\"Kiosk\" /></a></header>";
        assert!(page.contains(header), "{path}: {page}");
        let onward = "<a class=\"onward\" href=\"https://kiosk.example/\">Continue to Kiosk</a>";
        // After the action, and after the request of a new link.
        assert_eq!(page.matches(onward).count(), 2, "{path}: {page}");
    }
    let style = app.anonymous().get("/account/shop.css").await.text;
    for rule in ["--fill: #f59e0b;", "--on-fill: #000000;", "@media (prefers-color-scheme: dark)"] {
        assert!(style.contains(rule), "{style}");
    }
    let logo = app.anonymous().get("/account/logo").await;
    assert_eq!((logo.status, logo.header("content-type")), (200, Some("image/png")));
    // Web mail of another origin may show it.
    assert_eq!(logo.header("cross-origin-resource-policy"), Some("cross-origin"));

    let mail = verification_mail(&app).await;
    assert!(mail.text.trim_end().ends_with("Kiosk\nhttps://kiosk.example/"), "{mail:?}");
    let image = format!("<img src=\"{}/account/logo\" alt=\"Kiosk\"", app.url);
    for part in [
        image.as_str(),
        "href=\"https://kiosk.example/\"",
        "background:#f59e0b;color:#000000",
        "prefers-color-scheme: dark",
    ] {
        assert!(mail.html.contains(part), "{part}: {mail:?}");
    }
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn a_hostile_name_stays_text(app: &TestApp) {
    let settings = [
        ("PATRON_SHOP_NAME", HOSTILE_NAME),
        ("PATRON_SHOP_URL", "https://shop.example/?a=\"><script>alert(1)</script>&b='2'"),
    ];
    let app = shop(app, None, &settings).await;
    for path in PAGES {
        let page = app.anonymous().get(path).await.text;
        assert!(page.contains(&format!("data-name=\"{ESCAPED_NAME}\"")), "{path}: {page}");
        assert!(page.contains(&format!("Continue to {ESCAPED_NAME}</a>")), "{path}: {page}");
        assert!(!page.contains("<script>") && !page.contains("<b onclick"), "{path}: {page}");
    }
    let mail = verification_mail(&app).await;
    assert!(mail.text.contains(HOSTILE_NAME), "{mail:?}");
    assert!(mail.html.contains("&lt;b onclick=&quot;alert(1)&quot;&gt;"), "{mail:?}");
    assert!(!mail.html.contains("<script>") && !mail.html.contains("<b onclick"), "{mail:?}");
    app.stop().await;
}

/// A script in an SVG image does not run: browsers run none in images, and the policy forbids it where the image is opened.
#[apply(on_both_databases!)]
async fn an_svg_logo_has_no_rights_and_is_not_mailed(app: &TestApp) {
    let app = shop(app, Some(SVG.as_bytes()), &[("PATRON_SHOP_NAME", "Kiosk")]).await;
    let logo = app.anonymous().get("/account/logo").await;
    assert_eq!((logo.text.as_str(), logo.header("content-type")), (SVG, Some("image/svg+xml")));
    assert!(logo.header("content-security-policy").unwrap().starts_with("default-src 'none';"), "{logo:?}");
    // Without a link, the logo leads nowhere.
    let page = app.anonymous().get(PAGES[0]).await.text;
    assert!(page.contains("<img src=\"logo\" alt=\"Kiosk\" /></header>"), "{page}");
    let mail = verification_mail(&app).await;
    assert!(!mail.html.contains("<img") && mail.html.contains(">Kiosk</p>"), "{mail:?}");
    app.stop().await;
}

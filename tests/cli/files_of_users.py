"""Text files as people have them, from spreadsheets, databases and colleagues."""

import gzip
import io
import zipfile

import numpy as np
import pandas as pd


def make_rows(n_rows=120, seed=0):
    """A table with numbers, dates and text, and its classes."""
    rng = np.random.default_rng(seed)
    is_rare = np.arange(n_rows) % 6 == 0
    return pd.DataFrame(
        {
            "price": (rng.gamma(2, 900, n_rows) + 1000 * is_rare).round(2),
            "balance": rng.normal(size=n_rows),
            "visits": rng.integers(0, 20, n_rows),
            "since": pd.Timestamp("2021-01-01")
            + pd.to_timedelta(rng.integers(0, 900, n_rows), unit="D"),
            "town": rng.choice(["Köln", "Málaga", "Orléans"], n_rows),
            "churned": np.where(is_rare, "yes", "no"),
        }
    )


def german(rows):
    """Semicolons, 1.234,50, 31.12.2024, Windows' encoding."""
    with_points = rows["price"].map("{:,.2f}".format)
    swapped = with_points.str.translate(str.maketrans(",.", ".,"))
    days = rows["since"].dt.strftime("%d.%m.%Y")
    table = rows.assign(price=swapped, since=days)
    return table.to_csv(sep=";", decimal=",", index=False).encode("cp1252")


def american(rows):
    """Quoted 1,234.50 and 12/31/2024."""
    table = rows.assign(
        price=rows["price"].map("{:,.2f}".format),
        since=rows["since"].dt.strftime("%m/%d/%Y"),
    )
    return table.to_csv(index=False).encode()


def quoted(rows):
    """Bars, quotes, and line breaks within cells."""
    notes = 'said "no" | wrote\nagain'
    return rows.assign(note=notes).to_csv(sep="|", index=False).encode()


def quoted_long(rows):
    """The same, with more lines than are looked at first."""
    return quoted(pd.concat([rows] * (1500 // len(rows) + 1)))


def titled(rows):
    """What the export is, two lines above the names of the columns."""
    names = "customers;;;;;\n2024-06-01;;;;;\n"
    return names.encode() + rows.to_csv(sep=";", index=False).encode()


def zipped(rows):
    """An archive of one file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("customers.csv", csv(rows))
    return archive.getvalue()


def with_hours(rows):
    """12/31/2024 11:59:00 PM."""
    hours = rows["since"].dt.strftime("%m/%d/%Y %I:%M:%S %p")
    return csv(rows.assign(since=hours))


def spelled(rows):
    """Yes, YES and yes."""
    spellings = np.repeat(["Yes", "YES", "yes"], 6)[np.arange(len(rows)) % 18]
    labels = np.where(rows["churned"] == "yes", spellings, "no")
    return rows.assign(churned=labels).to_csv(index=False).encode()


def three_classes(rows):
    """Never, once, often, as numbers."""
    return rows.assign(churned=np.arange(len(rows)) % 3).to_csv(index=False).encode()


def unlabelled(rows):
    """A class that is missing here and there."""
    labels = rows["churned"].where(np.arange(len(rows)) % 9 != 4, "")
    return rows.assign(churned=labels).to_csv(index=False).encode()


def numbered(rows):
    """The index written too, and postcodes with zeros in front."""
    postcodes = [f"0{1000 + i % 7}" for i in range(len(rows))]
    return rows.assign(postcode=postcodes).to_csv().encode()


def commented(rows):
    """A line of comment on top."""
    return b"# exported on 2026-01-31, for marketing\n" + csv(rows, sep=";")


def hash_header(rows):
    """A header that begins with the same sign as a comment: the number of the row."""
    return csv(rows.reset_index(names="#"))


def trailing(rows):
    """Empty cells at the end of every line."""
    lines = csv(rows).decode().splitlines()
    return "".join(f"{line},,\n" for line in lines).encode()


def repeated(rows):
    """Two columns of one name."""
    return csv(rows.assign(again=rows["price"])).replace(b"again", b"price", 1)


def csv(rows, encoding="utf-8", **how):
    """As pandas writes it."""
    return rows.to_csv(index=False, **how).encode(encoding)


def make_files(n_rows=120):
    """Name -> content, exit code of `compare`, and what is said."""
    rows = make_rows(n_rows)
    price = rows[["price"]]
    return {
        "german.csv": (german(rows), 0, "semicolon; decimal sign comma"),
        "american.csv": (american(rows), 0, "%m/%d/%Y"),
        "bom.tsv": (csv(rows, "utf-8-sig", sep="\t"), 0, "separator tab"),
        "unicode.txt": (csv(rows, "utf-16", sep="\t"), 0, "encoding utf-16"),
        "quoted.csv": (quoted(rows), 0, "separator bar"),
        "quoted_long.csv": (quoted_long(rows), 0, "separator bar"),
        "hours.csv": (with_hours(rows), 0, "%I:%M:%S %p"),
        "packed.zip": (zipped(rows), 0, "separator comma"),
        "excel.csv": (b"sep=;\r\n" + csv(rows, sep=";"), 0, "separator semicolon"),
        "numbered.csv": (numbered(rows), 0, "leading zeros: 'postcode'"),
        "commented.csv": (commented(rows), 0, "1 line before the header left out"),
        "hash_header.csv": (hash_header(rows), 0, "separator comma"),
        "trailing.csv": (trailing(rows), 0, "separator comma"),
        "repeated.csv": (repeated(rows), 0, "separator comma"),
        "tilde.csv": (csv(rows, sep="~"), 1, "Pass --sep if these are several."),
        "packed.csv.gz": (gzip.compress(csv(rows)), 0, "separator comma"),
        "three.csv": (three_classes(rows), 0, "churned: 0 40, 1 40, 2 40"),
        "spelled.csv": (spelled(rows), 1, "'Yes', 'YES' and 'yes' in 'churned'"),
        "unlabelled.csv": (unlabelled(rows), 1, "y must name the class of every row"),
        "empty.csv": (b"", 1, "Got an empty file"),
        "header.csv": (b"price,churned\n", 1, "Got a header alone"),
        "one_column.csv": (csv(price), 1, "Got 'churned'. There are 'price'."),
        "target_alone.csv": (csv(rows[["churned"]]), 1, "a column besides the target"),
        "one_row.csv": (csv(rows[:1]), 1, "at least two classes"),
        "one_class.csv": (csv(rows[1:6]), 1, "at least two classes"),
        "titled.csv": (titled(rows), 1, "Delete the lines before the names"),
        "open.csv": (csv(rows) + b'1,"2,3,4,5,6\n', 1, "must close every quotation"),
        "cut.csv.gz": (gzip.compress(csv(rows))[:-40], 1, "must be whole"),
        "ragged.csv": (csv(rows) + b"1,2,3,4,5,6,7\n", 1, "as many cells"),
        "picture.csv": (
            b"\x89PNG\r\n" + bytes(range(256)) * 9,
            1,
            "neither text",
        ),
        "broken.parquet": (b"PAR1 and nothing", 1, "must be a parquet file"),
        "amounts.csv": (
            csv(rows.assign(churned=rows["price"])),
            1,
            "different numbers",
        ),
        "lone.csv": (csv(pd.concat([rows[1:6], rows[6:7]])), 1, "at least two rows"),
    }

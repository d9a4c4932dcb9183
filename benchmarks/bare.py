"""A bare Flask page, to hold the site's cost against."""

from flask import Flask

app = Flask(__name__)


@app.route("/", methods=["GET", "POST"])
def page() -> str:
    return "<!doctype html><title>Bare</title><h1>Bare</h1>"

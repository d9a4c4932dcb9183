"""The pages of the network's memory, put together."""

from flask import Blueprint

from dofc_events.organise.memory.photographs import views as photographs

blueprint = Blueprint("memory", __name__)
blueprint.register_blueprint(photographs.blueprint)

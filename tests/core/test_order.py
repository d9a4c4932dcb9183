"""Names are sorted where people look for them."""

import pytest

from dofc_events.core.order import sort_key


@pytest.mark.parametrize(
    "names",
    [
        # Every script in its own order of letters, one script after the other.
        ["Абрам", "Дурић", "Ђурић", "Жикић", "Јовић", "Лукић", "Љубић", "Његош", "Шарић"],
        ["Zola", "Ωmega", "Абрам", "კახა", "דוד", "عمر", "김", "山田"],
        # Marks and capitals decide only where all else is equal.
        ["Capek", "Čapek", "Capka"],
        ["anna", "Anna", "Annas"],
        ["de Vries", "Devries"],
    ],
)
def test_names_are_in_the_order_of_the_root_collation(names):
    assert sorted(set(names), key=sort_key) == names


def test_the_first_of_several_names_decides_before_the_next():
    people = [("Ana", "Zora"), ("Anab", "Ada"), ("Áná", "Zora"), ("Ana", "Ada")]
    assert sorted(people, key=lambda names: sort_key(*names)) == [
        ("Ana", "Ada"),
        ("Ana", "Zora"),
        ("Áná", "Zora"),
        ("Anab", "Ada"),
    ]

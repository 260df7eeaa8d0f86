"""React helper's commands: what they propose, in the style of the project."""

import json

from tests.extensions.shipped.sdk import Shipped, World

PACKAGE = json.dumps(
    {"devDependencies": {"vitest": "1", "@testing-library/react": "1", "typescript": "5"}}
)
TYPE = "{ title: string; items: Map<string, number>; on?: boolean }"
CARD = """import { useState } from "react";

/** A card. */
export function Card({ title, items, on = true }: TYPE) {
  const [open, setOpen] = useState(false);
  return (
    <div>
      {title}
      <ul className="entries">
        {items.map((item) => (
          <li key={item.id} onClick={() => setOpen(!open)}>{item.name}</li>
        ))}
      </ul>
    </div>
  );
}
""".replace("TYPE", TYPE)
PLAIN = "export const Card = ({ title, count = 1, onOpen }) => {\n  return <p>{title}</p>;\n};\n"


def place_of(text: str, piece: str) -> dict[str, object]:
    """The place of a selection, as the editor tells it."""
    before = text[: text.index(piece)]
    start = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
    whole = before + piece
    end = {"line": whole.count("\n"), "character": len(whole.rpartition("\n")[2])}
    return {"range": {"start": start, "end": end}, "selection": piece}


def react(files: dict[str, str]) -> Shipped:
    """React helper in a project of these files."""
    return Shipped("react-helper", World(files={"package.json": PACKAGE, **files}))


def new_text(extension: Shipped) -> str:
    """The text that the last proposal would leave."""
    change = extension.world.proposals[-1]["changes"][0]
    if change["do"] == "write":
        return change["new_text"]
    old = extension.world.files[change["path"]]
    assert old.count(change["old_text"]) == 1
    return old.replace(change["old_text"], change["new_text"])


def test_a_component_takes_its_props_from_where_it_is_used() -> None:
    extension = react({"src/Card.tsx": CARD, "tsconfig.json": "{}"})
    use = '<Badge label="x" count={3} onOpen={() => go()} isNew {...rest} data={a} />'

    said = extension.command("new-component", path="src/Card.tsx", selection=use)

    assert said == "New component Badge: proposed in src/Badge.tsx."
    assert new_text(extension) == (
        "interface BadgeProps {\n  label: string;\n  count: number;\n  onOpen: () => void;\n"
        "  isNew: boolean;\n  data: unknown;\n}\n\n"
        "export function Badge({ label, count, onOpen, isNew, data }: BadgeProps) {\n"
        "  return <div>Badge</div>;\n}\n"
    )


def test_a_component_is_written_as_its_neighbours_are() -> None:
    neighbour = (
        "import styles from './Old.module.css'\n\nconst Old = () => {\n  return <p/>\n}\n\n"
        "export default Old\n"
    )
    extension = react({"src/Old.jsx": neighbour})
    extension.world.files["src/Old.module.css"] = ""

    extension.command("new-component", {"name": "side bar"}, path="src/Old.jsx")

    component, sheet = extension.world.proposals[-1]["changes"]
    assert component["path"] == "src/SideBar.jsx"
    assert component["new_text"] == (
        "import styles from './SideBar.module.css'\n\nconst SideBar = () => {\n"
        "  return <div className={styles.root}>SideBar</div>\n}\n\nexport default SideBar\n"
    )
    assert sheet["path"] == "src/SideBar.module.css"


def test_without_any_name_it_says_how_to_give_one() -> None:
    extension = react({})

    assert "Select the name of the component" in (extension.command("new-component") or "")
    assert "Select the name of the hook" in (extension.command("new-hook") or "")
    assert extension.world.proposals == []


def test_a_hook_is_called_use_whatever_was_selected() -> None:
    extension = react({"src/Card.tsx": CARD})

    extension.command("new-hook", path="src/Card.tsx", selection="cart")

    assert extension.world.proposals[-1]["changes"][0]["path"] == "src/useCart.ts"
    assert "export function useCart<T>(initial: T) {" in new_text(extension)


def test_a_test_stands_where_tests_stand_and_gives_the_props_that_are_needed() -> None:
    extension = react({"src/Card.tsx": CARD})
    extension.world.files["src/__tests__/Other.test.tsx"] = ""

    extension.command("new-test", path="src/Card.tsx")

    change = extension.world.proposals[-1]["changes"][0]
    assert change["path"] == "src/__tests__/Card.test.tsx"
    assert 'import { Card } from "../Card";' in change["new_text"]
    assert 'render(<Card title="text" items={undefined as never} />)' in change["new_text"]
    assert 'from "vitest"' in change["new_text"]


def test_a_test_that_is_there_is_not_written_again() -> None:
    extension = react({"src/Card.tsx": CARD})
    extension.world.files["src/Card.test.tsx"] = ""

    said = extension.command("new-test", path="src/Card.tsx")

    assert said == "src/Card.test.tsx is there already."
    assert extension.world.proposals == []


def test_an_inline_type_becomes_an_interface_above_the_comment() -> None:
    extension = react({"src/Card.tsx": CARD})

    extension.command("extract-props", path="src/Card.tsx", **place_of(CARD, "title"))

    assert new_text(extension).startswith(
        'import { useState } from "react";\n\ninterface CardProps {\n  title: string;\n'
        "  items: Map<string, number>;\n  on?: boolean;\n}\n\n/** A card. */\n"
        "export function Card({ title, items, on = true }: CardProps) {\n"
    )


def test_props_without_types_get_what_their_defaults_and_names_tell() -> None:
    extension = react({"src/Card.tsx": PLAIN})

    said = extension.command("extract-props", path="src/Card.tsx")

    assert said is not None
    assert said.endswith("Types to fill in: title.")
    assert new_text(extension).startswith(
        "interface CardProps {\n  title: unknown;\n  count?: number;\n  onOpen: () => void;\n}\n\n"
        "export const Card = ({ title, count = 1, onOpen }: CardProps) => {\n"
    )


def test_a_type_that_has_a_name_is_left_alone() -> None:
    text = "export function Card({ a }: Props) { return <p>{a}</p>; }\n"
    extension = react({"src/Card.tsx": text})

    said = extension.command("extract-props", path="src/Card.tsx")

    assert said == "The props of Card have a type already: Props."


def test_selected_jsx_becomes_a_component_with_the_variables_that_it_needs() -> None:
    extension = react({"src/Card.tsx": CARD})
    piece = "<li key={item.id} onClick={() => setOpen(!open)}>{item.name}</li>"

    extension.command("extract-component", path="src/Card.tsx", **place_of(CARD, piece))

    text = new_text(extension)
    assert "<CardItem key={item.id} setOpen={setOpen} open={open} item={item} />" in text
    assert (
        "interface CardItemProps {\n  setOpen: (value: boolean) => void;\n  open: boolean;\n"
        "  item: unknown;\n}\n\nfunction CardItem({ setOpen, open, item }: CardItemProps) {\n"
        "  return (\n    <li onClick={() => setOpen(!open)}>{item.name}</li>\n  );\n}\n\n"
        "/** A card. */\nexport function Card("
    ) in text


def test_a_name_comes_from_the_class_and_what_is_bound_inside_is_no_prop() -> None:
    extension = react({"src/Card.tsx": CARD})
    start = CARD.index("<ul")
    piece = CARD[start : CARD.index("</ul>") + len("</ul>")]

    extension.command("extract-component", path="src/Card.tsx", **place_of(CARD, piece))

    text = new_text(extension)
    assert "<Entries items={items} setOpen={setOpen} open={open} />" in text
    assert "  items: Map<string, number>;\n" in text


def test_half_an_element_is_refused_in_words() -> None:
    extension = react({"src/Card.tsx": CARD})

    said = extension.command("extract-component", path="src/Card.tsx", **place_of(CARD, "<div>"))

    assert said == "The selection cuts an element in two: select whole elements."
    assert extension.world.proposals == []

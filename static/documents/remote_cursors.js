import { Annotation, RangeSet } from "@codemirror/state";
import { Decoration, ViewPlugin, WidgetType } from "@codemirror/view";
import * as Y from "yjs";
import { hueOf } from "../shared/person.js";

/** @import { Extension, Range } from "@codemirror/state" */
/** @import { EditorView, ViewUpdate } from "@codemirror/view" */
/** @import { Awareness } from "y-protocols/awareness" */

/** Marks transactions that only redraw cursors. */
const moved = Annotation.define();

/** A cursor with its person's name. */
class Cursor extends WidgetType {
  /** @param {string} name */
  constructor(name) {
    super();
    this.name = name;
  }

  /** @override @param {Cursor} other */
  eq(other) {
    return other.name === this.name;
  }

  /** @override */
  toDOM() {
    const cursor = document.createElement("span");
    cursor.className = "remote-cursor";
    cursor.dataset.hue = String(hueOf(this.name));
    cursor.ariaHidden = "true";
    const name = document.createElement("span");
    name.className = "remote-cursor__name";
    name.textContent = this.name;
    // Word joiners prevent a line break beside it.
    cursor.append("\u2060", name, "\u2060");
    return cursor;
  }

  /** @override */
  get estimatedHeight() {
    return -1;
  }

  /** @override */
  ignoreEvent() {
    return true;
  }
}

/**
 * Shows the cursors and selections of others, and sends those of this person.
 * @param {{ text: Y.Text, awareness: Awareness }} parts
 * @returns {Extension}
 */
export function remoteCursors({ text, awareness }) {
  const doc = /** @type {Y.Doc} */ (text.doc);

  /** @param {unknown} position @returns {number | undefined} */
  const positionOf = (position) => {
    try {
      const found = Y.createAbsolutePositionFromRelativePosition(
        Y.createRelativePositionFromJSON(position),
        doc,
      );
      return found?.type === text ? found.index : undefined;
    } catch {
      // Another client sent something that is not a position.
    }
  };

  return ViewPlugin.fromClass(
    class {
      decorations = /** @type {RangeSet<Decoration>} */ (RangeSet.empty);

      /** @param {EditorView} view */
      constructor(view) {
        /** @param {{ added: number[], updated: number[], removed: number[] }} changes */
        this.changed = ({ added, updated, removed }) => {
          const isOthers = [...added, ...updated, ...removed].some((client) => client !== doc.clientID);
          if (isOthers) view.dispatch({ annotations: [moved.of(true)] });
        };
        awareness.on("change", this.changed);
      }

      destroy() {
        awareness.off("change", this.changed);
      }

      /** @param {ViewUpdate} update */
      update(update) {
        this.#sendCursor(update);
        const { length } = update.state.doc;
        /** @type {Range<Decoration>[]} */
        const ranges = [];
        for (const [client, { user, cursor }] of awareness.getStates()) {
          if (client === doc.clientID || !cursor || !user) continue;
          const anchor = positionOf(cursor.anchor);
          const head = positionOf(cursor.head);
          if (anchor === undefined || head === undefined) continue;
          const name = String(user.name);
          const [from, to] = [Math.min(anchor, head, length), Math.min(Math.max(anchor, head), length)];
          if (from < to) {
            const attributes = { "data-hue": String(hueOf(name)) };
            ranges.push(Decoration.mark({ class: "remote-selection", attributes }).range(from, to));
          }
          const side = head > anchor ? -1 : 1;
          ranges.push(Decoration.widget({ side, widget: new Cursor(name) }).range(Math.min(head, length)));
        }
        this.decorations = Decoration.set(ranges, true);
      }

      /** @param {ViewUpdate} update */
      #sendCursor({ view, state }) {
        const known = awareness.getLocalState();
        if (!known) return;
        if (!view.hasFocus || !document.hasFocus()) {
          // Others keep seeing the last position while this window has no focus.
          return;
        }
        const { anchor, head } = state.selection.main;
        const isSame = known.cursor && positionOf(known.cursor.anchor) === anchor &&
          positionOf(known.cursor.head) === head;
        if (isSame) return;
        const position = (/** @type {number} */ index) =>
          Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, index));
        awareness.setLocalStateField("cursor", { anchor: position(anchor), head: position(head) });
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
}

import { part } from "../shared/parts.js";
import { defaultKeymap } from "@codemirror/commands";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import { IndexeddbPersistence } from "y-indexeddb";
import * as Y from "yjs";
import { ask } from "../shared/api.js";
import { DocumentConnection } from "./document_connection.js";
import { mountPeopleHere } from "./people_here.js";
import { remoteCursors } from "./remote_cursors.js";
import { mountRescue } from "./rescue.js";
import { mountSaveState } from "./save_state.js";
import { fits } from "./document_size.js";
import { mountSharing } from "./document_sharing.js";
import { mountSettings } from "../shared/settings.js";
import { mountVersions } from "./versions.js";
import { pageWords } from "../shared/words.js";

/** The text kept in the browser is loaded first, so that only differences are exchanged; at most this long. */
const MAX_KEPT_WAIT_MS = 3_000;

const words = pageWords();
const { document: id = "", account = "", styleNonce = "" } = document.body.dataset;

mountSettings();
const doc = new Y.Doc();
const text = doc.getText("content");
// Text written offline survives closing the tab.
const kept = new IndexeddbPersistence(`document/${account}/${id}`, doc);
const connection = new DocumentConnection({ id, doc, kept });
const undoManager = new Y.UndoManager(text);
const editable = new Compartment();
const paper = part("paper");
const view = new EditorView({
  parent: paper,
  state: EditorState.create({
    doc: text.toString(),
    extensions: [
      EditorView.cspNonce.of(styleNonce),
      // With the default separators, positions would differ from those of the shared text.
      EditorState.lineSeparator.of("\n"),
      EditorView.lineWrapping,
      keymap.of(defaultKeymap),
      placeholder(paper.dataset.placeholder ?? ""),
      EditorView.contentAttributes.of({
        "aria-label": paper.dataset.label ?? "",
        spellcheck: "true",
        tabindex: "0",
      }),
      editable.of(keymap.of(yUndoManagerKeymap)),
      EditorState.transactionFilter.of((transaction) => {
        if (!transaction.docChanged || !transaction.isUserEvent("input") || fits(transaction)) {
          return transaction;
        }
        connection.emit("trouble", "too_long");
        return [];
      }),
      // The binding's own cursors use style attributes, which the content security policy blocks.
      yCollab(text, null, { undoManager }),
      remoteCursors({ text, awareness: connection.awareness }),
    ],
  }),
});
mountSaveState(part("saved"), { connection, words, signIn: part("sign-in") });
mountPeopleHere(part("people"), { awareness: connection.awareness, words });
mountVersions({ id, words });
mountSharing({ id, words });
const title = /** @type {HTMLInputElement} */ (part("title"));
mountRescue(part("rescue"), { connection, kept, text, title: () => title.value, words });
// The text can still be selected and copied, and undo is disabled.
connection.on("refused", () => {
  const frozen = [EditorState.readOnly.of(true), EditorView.domEventHandlers({ beforeinput: () => true })];
  view.dispatch({ effects: editable.reconfigure(frozen) });
});
view.focus();

title.addEventListener("change", async () => {
  const { ok, code } = await ask("PATCH", `/api/documents/${encodeURIComponent(id)}`, { title: title.value });
  if (!ok) connection.emit("trouble", code === "not_signed_in" ? "signed_out" : "failed");
});

await Promise.race([kept.whenSynced, new Promise((done) => setTimeout(done, MAX_KEPT_WAIT_MS))]);
connection.connect();

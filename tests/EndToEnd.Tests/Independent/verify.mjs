#!/usr/bin/env node
// A second verifier, written from the public formats alone (RFC 6962, C2SP signed-note, tlog-checkpoint, tlog-tiles) and the two pages that
// describe our segment file and leaf. It shares no line with the product, so both would have to be wrong in the same way (I8).
//
//   node verify.mjs FOLDER PARTITION VKEY
//
// Prints one JSON object. Exit code 0: every check holds. 1: one does not. 2: it was called wrongly.
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const [folder, partition, vkey] = process.argv.slice(2);
if (!vkey) {
  console.error("usage: verify.mjs FOLDER PARTITION VKEY");
  process.exit(2);
}

const sha = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const faults = [];

// C2SP signed-note: text, blank line, "— name base64(key id ‖ signature)".
function openNote(note) {
  const [name, idHex, ...rest] = vkey.split("+");
  const key = Buffer.from(rest.join("+"), "base64");
  if (key[0] !== 1) throw new Error("this verifier reads Ed25519 keys (type 0x01)");
  const id = sha(`${name}\n`, key).subarray(0, 4);
  if (id.toString("hex") !== idHex) throw new Error("the vkey's key id is not that of its key");
  const split = note.indexOf("\n\n");
  const text = note.slice(0, split + 1);
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key.subarray(1)]);
  const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" });
  for (const line of note.slice(split + 2).split("\n")) {
    const [dash, signer, encoded] = line.split(" ");
    if (dash !== "—" || signer !== name) continue;
    const signature = Buffer.from(encoded, "base64");
    if (signature.subarray(0, 4).equals(id) && verify(null, Buffer.from(text), publicKey, signature.subarray(4))) return text;
  }
  throw new Error("no signature of this key over this checkpoint");
}

// tlog-tiles: an index in groups of three digits, all but the last with an x before them.
function tilePath(index, width) {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, "0").match(/.{3}/g);
  const path = digits.map((group, i) => (i < digits.length - 1 ? `x${group}` : group)).join("/");
  return width === 256 ? path : `${path}.p/${width}`;
}

function* entries(tiles, size) {
  for (let index = 0; index * 256 < size; index++) {
    const width = Math.min(256, size - index * 256);
    const bundle = readFileSync(join(tiles, "tile", "entries", tilePath(index, width)));
    for (let at = 0, i = 0; i < width; i++) {
      const length = bundle.readUInt16BE(at);
      yield bundle.subarray(at + 2, at + 2 + length);
      at += 2 + length;
    }
  }
}

// RFC 6962 §2.1, bottom up: a stack of perfect subtrees.
function treeRoot(leaves) {
  const stack = [];
  let count = 0;
  for (const leaf of leaves) {
    let node = sha(Buffer.of(0), leaf);
    for (let bits = count; bits & 1; bits = Math.floor(bits / 2)) node = sha(Buffer.of(1), stack.pop(), node);
    stack.push(node);
    count++;
  }
  return stack.length === 0 ? sha("") : stack.reduceRight((right, left) => sha(Buffer.of(1), left, right));
}

// Segment file: a header of 64 bytes, then records: u32 length (top bit: first of its write), u32 CRC-32C, bytes, padded to 8.
function* records(ledger) {
  const files = readdirSync(ledger).filter((name) => name.endsWith(".seg")).sort();
  for (const name of files) {
    const bytes = readFileSync(join(ledger, name));
    let offset = Number(bytes.readBigInt64LE(16));
    for (let at = bytes.readUInt32LE(12); at + 8 <= bytes.length; offset++) {
      const length = bytes.readUInt32LE(at) & 0x7fffffff;
      if (length === 0) break;
      yield { offset, bytes: bytes.subarray(at + 8, at + 8 + length) };
      at += 8 + Math.ceil(length / 8) * 8;
    }
  }
}

const report = { partition, size: 0, records: 0, unsealed: 0, faults };
try {
  const tiles = join(folder, "tiles", partition);
  const [origin, size, root] = openNote(readFileSync(join(tiles, "checkpoint"), "utf8")).split("\n");
  report.origin = origin;
  report.size = Number(size);
  const leaves = [...entries(tiles, report.size)];
  if (treeRoot(leaves).toString("base64") !== root) faults.push("the tiles' leaves do not make the signed root");
  const byOffset = new Map(leaves.map((leaf) => {
    const [, id, place, , digest] = leaf.toString().split("\n");
    return [Number(place.split(" ")[1]), { id, digest }];
  }));
  const heads = new Map();
  for (const record of records(join(folder, "ledger", partition))) {
    report.records++;
    report.first ??= record.offset;
    const digest = sha(record.bytes).toString("hex");
    const leaf = byOffset.get(record.offset);
    if (!leaf) report.unsealed++;
    else if (leaf.digest !== digest) faults.push(`event ${leaf.id} at offset ${record.offset}: its bytes are not those that were sealed`);
    byOffset.delete(record.offset);
    let event = null;
    try {
      event = JSON.parse(record.bytes.toString("utf8"));
    } catch {
      faults.push(`offset ${record.offset} is not JSON`);
      continue;
    }
    const head = heads.get(event.chain);
    if (head && (event.seq !== head.seq + 1 || event.prev !== head.digest)) faults.push(`event ${event.id} breaks its chain at seq ${event.seq}`);
    heads.set(event.chain, { seq: event.seq, digest });
  }
  // Leaves before the first kept record belong to dropped segments; any later leaf without a record is a record that is gone.
  const missing = [...byOffset.keys()].filter((offset) => offset >= (report.first ?? 0));
  if (missing.length > 0) faults.push(`${missing.length} sealed records are missing, the first at offset ${Math.min(...missing)}`);
} catch (error) {
  faults.push(error.message);
}

console.log(JSON.stringify(report, null, 2));
process.exit(faults.length === 0 ? 0 : 1);

// Package filter turns an index and an audience into verdicts, outputs and evidence.
//
//	Index, lists, policy ──▶ Gate (one cell) ─┐
//	                                          ▼
//	audience ──▶ batches ──▶ keys ──▶ verdicts ──▶ permitted rows, rejected rows, annotated rows, Summary
//	                            └──▶ Contacts (distinct) ──▶ Reach: one cell's counts by verdict
//
// Decide states the rule for one identifier, in the open. A Gate is the same rule worked out for all identifiers of an
// index at once, in four bits each, so that a row costs a hash, a rank and a line of memory. It does so when so many have
// been asked for that it pays, and weighs them one by one until then. Tests hold the two to each other.
//
// The order of the reasons is that of the Reason constants: the first that holds is told. Whether a row may be
// contacted never depends on which one.
//
// Explain tells of one identifier which events made its verdict. It weighs them one by one, by the rules as they are
// written, and fails where that does not come to what the gate says.
//
// Reach counts identifiers, not rows, and from bitmaps, not one by one; a test holds it to the verdict on each. A Survey
// reads an audience for it and keeps who stands in it, each once.
//
// Match modes ask more identifiers of a row than the contact's. The contact's own verdict is told first; a suppression
// list that names any mapped identifier comes before it. Under MatchAll the other identifiers are asked in the order in
// which they were mapped, for a quarantined record or a standing refusal. Under MatchAny the first identifier that the
// consent knows decides, the contact before all others. An other identifier without a normal form is passed over.
//
// An identifier may have further keys. A number is asked under the digests that a list of digests holds, an address in
// the folded form that a list asks for, a digest under the identifiers that it was made of. Under a declared form the
// keys are one identifier; under any other only what speaks against contacting counts.
//
// A row is a duplicate when its contact was permitted before in this run; under DedupeSubject also when the subject of
// the identifier that decided was.
package filter

// Package consentload turns consent exports into a frozen, queryable index. It ends where data becomes immutable.
//
//	exports ──▶ events ──▶ facts, ties ──▶ fold ──▶ link ──▶ resolve ──▶ Index
//	 (files)    (rows)     (partitioned     (maxima)  (subjects) (states)   (keys, bitmaps)
//	                        by key)
//
// An event is one recorded act: identifiers, channel, purpose, status, instant. Its identifiers become keys, each with
// a fact: what was done, when, in which scope (a channel or all, a purpose or all). Of all facts of one identifier in
// one scope only maxima matter: the latest refusal, the latest grant (at one instant the lower notice version and the
// earlier expiry), the latest pending act. Maxima do not care in which order they were found, so files may come in any
// order and twice.
//
// A refusal stands unless a later grant answers it. A grant answers a refusal only if it is strictly later, is at
// least as specific (a box for everything does not lift a refusal that names a channel), and names this very
// identifier, or, at each identifier that the refusal names, such a grant names that one. Of the latter only whether
// any identifier's own latest refusal stands at that identifier has to be known: if one that the refusal names was not
// granted anew, then its own latest refusal stands there too. So maxima suffice for a whole subject. At a shared
// identifier they are taken apart for each subject whose events name it: what a stranger was granted at a store's
// tablet lifts nothing.
//
// An event that names several identifiers is logged once. The sets of identifiers that stand together (combinations) have
// acts of their own, folded once for all of their identifiers. A combination of which every identifier stands in no other
// and in no event alone is a subject whose identifiers all have the same acts, so that what one of them comes to, all
// do: it is settled without a search. Only what hangs together through several combinations is united and weighed.
//
// Under "link: refusals" a grant counts for the identifiers that its event names and for no other, so it does not lift
// another identifier's refusal either. A shared identifier (beside more than max_links values of one other kind) is a
// subject of its own; a refusal that names it is lifted for the rest of a subject only when the subject was granted anew
// there too.
//
// What is silent in an export is settled on the side of not contacting: a version that two notices list is none, an
// act dated later than now is a fault of a clock and, if it is a refusal, counts at once, and a quarantined record
// suppresses everybody whom it may name. A time without a zone where none is declared stops a load even under
// quarantine: it is the declaration that is missing, not a record. An export with two columns for one kind is refused,
// because a refusal may name its person in the one that would be passed over; so are columns of nested identifiers, of
// digests whose algorithm nobody says, and two sources that would read one file differently. A record under an ignored
// name is passed over whatever else it holds, unless its row does not split.
//
// The exports of platforms are read through mappings (Mapping), which are data: where identifiers stand, which acts a
// record tells, what its words mean. A word that nobody mapped stops the load; a word that says nothing makes no act, so
// it overrides none and permits nothing. What a platform writes by itself is no act of a person either: a grant that it
// calls expired is a grant that has ended. A grant without a time is older than every dated act; a refusal without one
// is of the instant for which its source vouches (snapshot_at), and without that the export is not read. A refusal dated
// by a day counts from the end of it, and for a run within that day at once: nobody knows that it came later. A column that a
// mapping names must be in the file; in nested rows, where nobody can say beforehand what there is, it must hold
// something somewhere, and what may be lost there is a fault of its record: a key in another case, a value where an object
// should stand, an element without a key that is not marked by "?". A workbook of consent or of a list may have neither
// merged cells nor several sheets with cells of which none is named. Presets are mappings that ship with the program. A map of identities (links) tells no act at all.
//
// A digest stands for the value that it was made of, if that was written in a declared form; in any other form it may,
// so that refusals count and grants do not. Which digests a raw identifier has is noted while it is read, where an
// audience or a list asks for digests: the raw values themselves are gone when the index stands.
//
// An index keeps 8 bytes of a key, sorted and cut into buckets by their leading bits; the rank of a key is the bit of its
// identifier in every bitmap. Measured were lookups of a million keys, a third of them unknown, on two shared processors
// (BenchmarkFind), against lines of memory with eight slots each, two thirds full:
//
//	                     sorted, with directory         lines of eight slots
//	keys                 one by one  asked ahead         one by one  32 in flight
//	 1 M                 200 ns       45 ns, 8.5 B        70 ns       51 ns, 16.8 B
//	20 M                 480 ns       82 ns, 8.8 B       150 ns       90 ns, 13.4 B
//
// The lines lost: they take 4 to 8 bytes more an identifier, their ordinals have holes, so every bitmap grows with them,
// and two of them do not merge in one pass. What "asked ahead" asks for is prefetched (amd64; elsewhere each lookup waits):
// where a pass read what the next one needs, 20 M keys cost 140 to 180 ns.
//
// Of each source an index file tells a digest of its acts (ActSum): a sum, so that neither their order nor how they were cut
// into files counts. Digests of the files would make two indexes of the same acts differ.
//
// An index file holds every refusal that stands where it was made, with its scope and instant, so that a later
// build can be held to it (Previous). Without them neither could be told: whether what stood is still among the acts,
// for an earlier refusal of the same person may be; and whether a grant answers it, for a box for everything answers
// some, and a grant under another identifier those alone that were made there. A refusal that is gone is answered by
// nothing but a grant of that very identifier, newer than all that the earlier build had read: what is older was there to
// be read, and had not answered it.
//
// A suppression list names people by every identifier column that it has. One that is to reach whole subjects by a
// kind that --kinds leaves unread stops the run: nobody would know whom it reaches.
package consentload

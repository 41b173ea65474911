package arrow

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/endian"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	flatbuffers "github.com/google/flatbuffers/go"

	"cpm/formats/fault"
)

func TestDamageIsAFaultAndNeverAPanic(t *testing.T) {
	record := []arrow.Record{columnsRecord(t, 0, 12, someNulls)}
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for _, whole := range [][]byte{ipcBytes(t, false, record), ipcBytes(t, true, record), ipcBytes(t, false, record, ipc.WithLZ4()), ipcBytes(t, false, record, ipc.WithZstd())} {
		for range 1500 {
			data := bytes.Clone(whole)
			for range 1 + random.IntN(3) {
				data[random.IntN(len(data))] = byte(random.Uint32())
			}
			_, err := copying{keep: func(row int) bool { return row%3 > 0 }}.copy(data)
			if err == nil {
				continue
			}
			if refused++; fault.KindOf(err) == 0 {
				t.Fatalf("%v, which is no fault", err)
			}
			if strings.Contains(err.Error(), "text number") {
				t.Fatalf("%v, which tells a value", err)
			}
		}
	}
	if refused < 1000 {
		t.Errorf("%d of 6000 damaged inputs were refused", refused)
	}
}

// recordTable returns the table of the record batch in the second message of a stream, to be changed in place.
func recordTable(t *testing.T, stream []byte) flatbuffers.Table {
	t.Helper()
	first := messagesOf(t, stream)[0]
	meta := stream[len(first)+8:]
	header, ok := child(root(meta), slotMessageHeader)
	if !ok {
		t.Fatal("no header")
	}
	return header
}

func textRecord(t *testing.T) []arrow.Record {
	t.Helper()
	return []arrow.Record{recordOf(t, []arrow.Field{{Name: "email", Type: arrow.BinaryTypes.String}}, `[{"email": "somebody@example.com"}]`)}
}

func TestLengthsThatLieTakeNoMemory(t *testing.T) {
	lies := map[string]func([]byte){
		"a batch of many rows": func(b []byte) {
			r := recordTable(t, b)
			r.MutateInt64Slot(slotRecordRows, 1<<40)
		},
		"many buffers": func(b []byte) {
			r := recordTable(t, b)
			at := r.Vector(flatbuffers.UOffsetT(r.Offset(slotRecordBuffers)))
			binary.LittleEndian.PutUint32(r.Bytes[at-4:], 1<<30)
		},
		"a long buffer": func(b []byte) {
			r := recordTable(t, b)
			at := r.Vector(flatbuffers.UOffsetT(r.Offset(slotRecordBuffers)))
			binary.LittleEndian.PutUint64(r.Bytes[at+16*2+8:], 1<<40)
		},
		"a column of many values": func(b []byte) {
			r := recordTable(t, b)
			binary.LittleEndian.PutUint64(r.Bytes[r.Vector(flatbuffers.UOffsetT(r.Offset(slotRecordNodes))):], 1<<40)
		},
		"a long body": func(b []byte) {
			first := messagesOf(t, b)[0]
			m := root(b[len(first)+8:])
			m.MutateInt64Slot(slotMessageLength, 1<<40)
		},
		"long metadata": func(b []byte) { binary.LittleEndian.PutUint32(b[4:], 60<<20) },
		"many columns": func(b []byte) {
			schema, _ := child(root(b[8:]), slotMessageHeader)
			binary.LittleEndian.PutUint32(schema.Bytes[schema.Vector(flatbuffers.UOffsetT(schema.Offset(slotSchemaFields)))-4:], 1<<30)
		},
	}
	for name, lie := range lies {
		data := ipcBytes(t, false, textRecord(t))
		lie(data)
		refusedInLittleMemory(t, name, data)
	}
	unpacks := ipcBytes(t, false, textRecord(t), ipc.WithZstd())
	r := recordTable(t, unpacks)
	buffers := r.Vector(flatbuffers.UOffsetT(r.Offset(slotRecordBuffers)))
	body := bytes.LastIndex(unpacks, []byte("\x28\xb5\x2f\xfd")) - 8
	if buffers == 0 || body < 0 {
		t.Fatal("no compressed buffer")
	}
	binary.LittleEndian.PutUint64(unpacks[body:], 1<<40)
	refusedInLittleMemory(t, "what unpacks to more", unpacks)
}

func refusedInLittleMemory(t *testing.T, name string, data []byte) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := copying{keep: every}.copy(data)
	runtime.ReadMemStats(&after)
	if fault.KindOf(err) != fault.Input {
		t.Errorf("%s: error %v, want a fault of the input", name, err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 96<<20 {
		t.Errorf("%s: %d MiB of memory", name, took>>20)
	}
}

func TestWhatIsNotReadIsRefusedByItsName(t *testing.T) {
	big, err := write(arrow.NewSchemaWithEndian(textRecord(t)[0].Schema().Fields(), nil, endian.BigEndian), plain, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	older := ipcBytes(t, true, textRecord(t))
	older = append(older[:8:8], older[12:]...) // before 0.15 a message began with its length
	for want, data := range map[string][]byte{"big-endian": big[0], "0.15": older} {
		_, err := copying{keep: every}.copy(data)
		if fault.KindOf(err) != fault.Input || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want it to tell of %s", err, want)
		}
	}
}

func TestAFileWhoseFooterNamesOtherBatchesIsRefused(t *testing.T) {
	record := textRecord(t)[0]
	whole := ipcBytes(t, true, []arrow.Record{record, record})
	size := int(binary.LittleEndian.Uint32(whole[len(whole)-tailSize:]))
	at := len(whole) - tailSize - size
	footer := root(whole[at : len(whole)-tailSize])
	first := footer.Vector(flatbuffers.UOffsetT(footer.Offset(slotFooterRecords)))
	swap := func(b []byte) { // the second batch first
		x, y := b[first:first+8], b[first+blockSize:first+blockSize+8]
		for i := range x {
			x[i], y[i] = y[i], x[i]
		}
	}
	fewer := func(b []byte) { b[first-4] = 1 }
	for name, change := range map[string]func([]byte){"another order": swap, "one batch less": fewer} {
		data := bytes.Clone(whole)
		change(data[at:])
		if _, err := (copying{keep: every}).copy(data); fault.KindOf(err) != fault.Input {
			t.Errorf("%s: error %v, want a fault of the input", name, err)
		}
	}
	if _, err := (copying{keep: every}).copy(whole); err != nil {
		t.Error(err)
	}
}

package parquet

import (
	"encoding/binary"
	"errors"
	"io"

	"cpm/formats/fault"
)

// magic stands at both ends of a Parquet file; sealed in its place marks an encrypted footer.
const (
	magic  = "PAR1"
	sealed = "PARE"
)

// maxFooter bounds the footer that is read. A million column chunks take about 100 MB.
const maxFooter = 256 << 20

// The fields of FileMetaData, as parquet.thrift numbers them.
const (
	fieldVersion      = 1
	fieldSchema       = 2
	fieldRowGroups    = 4
	fieldKeyValues    = 5
	fieldColumnOrders = 7
	fieldEncryption   = 8
	fieldNumChildren  = 5 // of a SchemaElement
	fieldOrdinal      = 7 // of a RowGroup
)

// footer is the metadata of a file as bytes: all of it, and where its parts stand that are copied as they are.
type footer struct {
	bytes        []byte
	at           int64 // where it begins in the file
	schema       field // FileMetaData.schema
	keyValues    field // FileMetaData.key_value_metadata; id 0 when there is none
	columnOrders field // FileMetaData.column_orders; id 0 when there is none
}

// readFooter reads and walks the footer. Everything that it claims to hold is there, whatever it says of the file.
func readFooter(name string, r io.ReaderAt, size int64) (*footer, error) {
	if size < int64(2*len(magic)+4) {
		return nil, fault.New(fault.Input, name, "too short for a Parquet file")
	}
	var head [4]byte
	var tail [8]byte
	if err := readAt(r, head[:], 0); err != nil {
		return nil, readFault(name, err)
	}
	if err := readAt(r, tail[:], size-8); err != nil {
		return nil, readFault(name, err)
	}
	if string(tail[4:]) == sealed || string(head[:]) == sealed {
		return nil, encrypted(name)
	}
	if string(head[:]) != magic {
		return nil, fault.New(fault.Input, name, "no Parquet file: it does not begin with %s", magic)
	}
	if string(tail[4:]) != magic {
		return nil, fault.New(fault.Input, name, "the Parquet file is cut short: it does not end with %s", magic).
			Hint("copy or export the file again")
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if length > size-12 {
		return nil, fault.New(fault.Input, name, "the Parquet footer claims %d bytes of a file of %d", length, size)
	}
	if length > maxFooter {
		return nil, fault.New(fault.Unsupported, name, "the Parquet footer is larger than %d bytes", maxFooter).
			Hint("rewrite the file with larger row groups")
	}
	f := &footer{bytes: make([]byte, length), at: size - 8 - length}
	if err := readAt(r, f.bytes, f.at); err != nil {
		return nil, readFault(name, err)
	}
	return f, f.walk(name)
}

// walk checks that the footer is well formed and notes its parts.
func (f *footer) walk(name string) error {
	isEncrypted := false
	end, err := walkStruct(f.bytes, 0, 0, func(v field) error {
		switch v.id {
		case fieldSchema:
			f.schema = v
		case fieldKeyValues:
			f.keyValues = v
		case fieldColumnOrders:
			f.columnOrders = v
		case fieldEncryption:
			isEncrypted = true
		}
		return nil
	})
	switch {
	case err != nil:
		return fault.New(fault.Input, name, "the Parquet footer cannot be read").Because(err)
	case isEncrypted:
		return encrypted(name)
	case end != len(f.bytes):
		return fault.New(fault.Input, name, "the Parquet footer is followed by %d bytes too many", len(f.bytes)-end)
	case f.schema.kind != kindList:
		return fault.New(fault.Input, name, "the Parquet footer has no schema")
	}
	return nil
}

func encrypted(name string) error {
	return fault.New(fault.Unsupported, name, "the Parquet file is encrypted").
		Hint("decrypt it first, or export it without encryption")
}

// readFault tells a file that ends too early from a disk that cannot be read: only the first is the file's fault.
func readFault(name string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.New(fault.Input, name, "the Parquet file ends too early").Because(err)
	}
	return err
}

// readAt fills b; a reader may say io.EOF beside the last byte.
func readAt(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

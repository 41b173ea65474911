package formats

import (
	"bufio"
	"context"
	"errors"
	"os"
	"slices"

	"cpm/formats/fault"
)

// outputBuffer gathers small writes; a write of this size or more goes straight to the file.
const outputBuffer = 64 << 10

// OutputOptions says what an output may be. The zero value makes private files and replaces nothing.
type OutputOptions struct {
	Overwrite bool          // an output that exists is replaced, in one step; otherwise it is refused
	Mode      os.FileMode   // permissions of the published file; 0 means 0600, for outputs hold personal data
	Inputs    []os.FileInfo // what the run reads: an output that is one of these is refused, however it is spelt
}

// Outputs are the files of one run. They are published together, in the order in which they were created: when one
// can be seen, those before it can. It belongs to one goroutine, but each Output may be written on its own.
//
// Usual use is a deferred Abort and a Commit at the end.
type Outputs struct {
	files   Files
	ctx     context.Context // of the run: Create and Commit have no place for one
	options OutputOptions
	disk    *disk
	outputs []*Output
	folders []*outputFolder
	ended   bool // Commit or Abort was called
	done    bool // every output has its name, for good
}

// outputFolder is a folder with outputs, open to be synchronised.
type outputFolder struct {
	info os.FileInfo
	file *os.File
}

// Output is a file, or an object, that exists only after Outputs.Commit. Until then it has no name (an object, and on Linux
// on most file systems), or one of the form .cpm-<16 hex digits> beside its path, of mode 0600.
type Output struct {
	target
	disk    *disk
	opened  *outputFolder
	file    *os.File      // nil once closed
	info    os.FileInfo   // tells the file from another at the same name
	perm    os.FileMode   // its mode now
	modes   bool          // the file system keeps modes; FAT and Windows do not
	tmp     string        // the temporary name; empty while there is none
	placed  bool          // it may stand at its path
	old     *replacedFile // what stood there
	buffer  *bufio.Writer
	written int64
	onDisk  int64 // of that, what has left the buffer
	begun   int64 // of that, what was sent to the disk
	synced  int64 // of that, what was there when the last Sync began
	early   earlySync
	tree    *Folder       // that it is; nil: it is a file
	object  *objectOutput // that it is to be; nil: it is a file
}

// writeBehind is how much is sent to the disk at once while more is being written, so that little is left to wait for at
// the end.
const writeBehind = 8 << 20

// NewOutputs returns an empty set of outputs in the file system.
func NewOutputs(o OutputOptions) *Outputs { return Files{}.NewOutputs(context.Background(), o) }

// NewOutputs returns an empty set of outputs. Objects are written while the context lasts; what was written of a set that
// fails is removed in any case.
func (f Files) NewOutputs(ctx context.Context, o OutputOptions) *Outputs {
	return &Outputs{files: f, ctx: ctx, options: o, disk: &disk{}}
}

// CreatePrivate is Create for a file that only its owner may read, whatever the mode of the others.
func (s *Outputs) CreatePrivate(path string) (*Output, error) {
	usual := s.options.Mode
	defer func() { s.options.Mode = usual }()
	s.options.Mode = privateMode
	return s.Create(path)
}

// Create opens an output that is to appear at path; its folder must exist. It refuses what Check refuses, and a path
// that is already an output of this set, with a fault of kind Usage. Remains of killed runs in the folder are removed.
// After an error the set can only be aborted: what lacks one of its outputs must not be published.
func (s *Outputs) Create(path string) (*Output, error) {
	if s.ended {
		return nil, failed("create", path, os.ErrClosed)
	}
	o, err := s.create(path, false)
	if err != nil {
		s.ended = true
		return nil, err
	}
	return o, nil
}

func (s *Outputs) create(path string, isFolder bool) (*Output, error) {
	at, isObject, err := s.files.locate(path)
	switch {
	case err != nil:
		return nil, err
	case isObject && isFolder:
		return nil, fault.New(fault.Usage, at.String(), "an object store has no folders that appear as a whole").Hint("Name each object.")
	case isObject:
		return s.createObject(at)
	}
	t, err := s.target(path, isFolder)
	if err != nil {
		return nil, err
	}
	for _, o := range s.outputs {
		if o.base == t.base && os.SameFile(o.folderInfo, t.folderInfo) {
			return nil, twice(path, o.path)
		}
	}
	opened, err := s.open(t)
	if err != nil {
		return nil, failed("open the folder of", path, err)
	}
	o := &Output{target: t, disk: s.disk, opened: opened}
	s.outputs = append(s.outputs, o) // from here on Abort knows of it
	if err := o.createTmp(); err != nil {
		return nil, failed("create", path, err)
	}
	return o, o.learn()
}

// open returns the folder of an output, opened once for the set and swept then.
func (s *Outputs) open(t target) (*outputFolder, error) {
	for _, f := range s.folders {
		if os.SameFile(f.info, t.folderInfo) {
			return f, nil
		}
	}
	file, err := s.disk.openFolder(t.folder)
	if err != nil {
		return nil, err
	}
	s.disk.sweep(t.folder, file)
	f := &outputFolder{info: t.folderInfo, file: file}
	s.folders = append(s.folders, f)
	return f, nil
}

// learn asks the new file who it is and whether its file system keeps modes.
func (o *Output) learn() (err error) {
	if o.info, err = o.disk.fstat(o.file); err != nil {
		return failed("create", o.path, err)
	}
	o.perm = o.info.Mode().Perm()
	private := privateMode
	if o.isFolder {
		private = privateFolder
	}
	o.modes = o.perm&^private == 0 // a umask may take bits away, but only a file system without modes adds some
	if !o.modes && o.mode != private {
		return fault.New(fault.Usage, o.path, "the file system of the output keeps no modes").
			Hint("Leave --output-mode out, or write to another file system.")
	}
	return nil
}

// Path returns the path as it was given to Create.
func (o *Output) Path() string { return o.path }

// Written returns the number of bytes written so far.
func (o *Output) Written() int64 { return o.written }

// Write appends to the file. After an error, and after the end of the set, every Write fails.
func (o *Output) Write(p []byte) (int, error) {
	if o.file == nil {
		return 0, failed("write", o.path, os.ErrClosed)
	}
	if o.buffer == nil {
		o.buffer = bufio.NewWriterSize(outputFile{o}, outputBuffer)
	}
	n, err := o.buffer.Write(p)
	o.written += int64(n)
	if err != nil {
		return n, failed("write", o.path, err)
	}
	return n, nil
}

// Flush sends what is buffered to the file, and keeps no memory for more. It is no promise: that is for Outputs.Commit.
func (o *Output) Flush() error { return failed("write", o.path, o.drain()) }

func (o *Output) drain() error {
	if o.buffer == nil {
		return nil
	}
	err := o.buffer.Flush()
	if err == nil {
		o.buffer = nil
	}
	return err
}

// outputFile is what lies under an output's buffer.
type outputFile struct{ *Output }

func (f outputFile) Write(p []byte) (int, error) {
	if f.file == nil {
		return 0, os.ErrClosed
	}
	n, err := f.disk.write(f.file, p)
	f.onDisk += int64(n)
	if f.object != nil { // on its way to a store it need not be durable
		return n, err
	}
	if due := f.onDisk - f.begun; err == nil && due >= writeBehind {
		beginWriting(f.file, f.begun, due)
		f.begun = f.onDisk
	}
	if file := f.file; err == nil && f.onDisk-f.synced >= f.disk.syncAt() && f.early.begin(func() error { return f.disk.sync(file) }) {
		f.synced = f.onDisk
	}
	return n, err
}

// Commit makes every output durable and publishes them in order. After an error none is there and what would have been
// replaced is as it was; should even that fail, the error says so, and Abort tries again.
func (s *Outputs) Commit() error {
	if s.ended {
		return errors.New("outputs were committed or aborted before")
	}
	s.ended = true
	if err := s.publish(); err != nil {
		return errors.Join(err, s.Abort())
	}
	s.done = true
	// The outputs are out and durable, so nothing can fail any more. The copy of a replaced file that cannot be removed
	// is private; Abort tries again, then the next run sweeps it.
	_ = s.Abort()
	return nil
}

// Abort removes everything and restores what was replaced. It may be called at any time and again; after a successful
// Commit it leaves the outputs alone.
func (s *Outputs) Abort() error {
	s.ended = true
	var problems []error
	if !s.done {
		// From the last to the first, and no further than an error: an output never stands without those before it.
		for _, o := range slices.Backward(s.outputs) {
			if !o.placed {
				continue
			}
			if err := o.withdraw(); err != nil {
				return failed("withdraw", o.path, err)
			}
			if o.object != nil {
				continue
			}
			problems = append(problems, failed("write the folder of", o.path, o.disk.syncFolder(o.opened.file)))
		}
	}
	for _, o := range s.outputs {
		problems = append(problems, failed("remove the remains of", o.path, o.discard()))
	}
	for _, f := range s.folders {
		if f.file != nil {
			_ = f.file.Close() // read only: nothing can be lost
			f.file = nil
		}
	}
	return errors.Join(problems...)
}

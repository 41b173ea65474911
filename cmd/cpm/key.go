package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"cpm/consentload"
	"cpm/formats"
	"cpm/formats/fault"
)

// mostKeyBytes bounds what is read of a file that should hold a key.
const mostKeyBytes = 1024

// useKey has identifiers keyed by the secret that a flag, else the configuration, names a file of. A descriptor is named
// as /dev/fd/3.
func (c *consent) useKey() (err error) {
	path := c.flags.keyFile
	if path == "" && c.found.KeyFile != "" {
		path = c.found.within(c.found.KeyFile)
	}
	if path == "" {
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return fault.New(fault.Usage, path, "the key cannot be read").Because(err).Hint("cpm key new -o FILE makes one")
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return fault.New(fault.Usage, path, "others than its owner may read the key (mode %04o)", info.Mode().Perm()).
			Hint("chmod 600 the file, and make a new key if somebody may have read it")
	}
	c.mindInput(info)
	text, err := io.ReadAll(io.LimitReader(file, mostKeyBytes))
	if err != nil {
		return fault.At(path, err)
	}
	secret, err := consentload.ParseSecret(path, text)
	if err != nil {
		return err
	}
	c.catalog.Kinds.UseSecret(secret)
	return nil
}

func newKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Make a secret key for index files",
		Args:  noCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var output string
	made := &cobra.Command{
		Use:   "new -o FILE",
		Short: "Make a secret key, in a file that only its owner may read",
		Long: "Make a secret key, in a file that only its owner may read.\n\nAn index that is built with it cannot be searched for identifiers by whoever has not got the key; name it as key_file\n" +
			"in the configuration, or with --key-file. Without it such an index is worth nothing: keep a copy.",
		Example: "  cpm key new -o cpm.key",
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return writeKey(output) },
	}
	made.Flags().StringVarP(&output, "output", "o", "", "the `FILE` of the key")
	cmd.AddCommand(made)
	return cmd
}

func writeKey(path string) (err error) {
	if path == "" || path == "-" {
		return fault.New(fault.Usage, "", "key new needs a file to write").Hint("cpm key new -o cpm.key")
	}
	if formats.IsObject(path) {
		return fault.New(fault.Usage, "", "a key is a file of this machine, and that is an object store").Hint("cpm key new -o cpm.key")
	}
	outputs := formats.NewOutputs(formats.OutputOptions{})
	defer func() { err = errors.Join(err, outputs.Abort()) }()
	out, err := outputs.CreatePrivate(path)
	if err != nil {
		return err
	}
	var raw [16]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return err
	}
	if _, err := io.WriteString(out, hex.EncodeToString(raw[:])+"\n"); err != nil {
		return err
	}
	return outputs.Commit()
}

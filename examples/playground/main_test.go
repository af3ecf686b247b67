//go:build !js

package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/examples/internal/command"
)

func TestArgumentsAreChecked(t *testing.T) {
	require.NoError(t, command.Parse("playground", &job{}, nil))
	require.NoError(t, command.Parse("playground", &job{}, []string{"-out", t.TempDir() + "/new"}))
	require.ErrorContains(t, command.Parse("playground", &job{}, []string{"-out", "."}), "is not empty")
}

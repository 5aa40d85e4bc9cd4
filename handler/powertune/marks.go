package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// marker is the alias that says, on AWS itself, that a run is under way and what
// the function's memory size was. A run that was killed leaves it behind.
const marker = "powertune"

func aliasOf(mb int) string { return marker + "-" + strconv.Itoa(mb) }

const (
	memoryNote = "powertune is measuring; memory of $LATEST was MB="
	// versionNote is the description of the versions that a run publishes.
	// Lambda publishes nothing where the last version is the same and returns
	// that one, with the description of whoever made it.
	versionNote = "powertune: may be deleted"
)

// marks is what a run has changed on a function, and how to undo it. Everything
// that undo needs is on AWS, so that another process can do it.
type marks struct {
	t       *tuner
	memory  int  // of $LATEST before the run
	changed bool // $LATEST may have another memory size
}

// begin leaves the marker, before anything is changed.
func (t *tuner) begin(ctx context.Context, memory int) (*marks, error) {
	_, err := t.lambda.CreateAlias(ctx, &lambda.CreateAliasInput{
		FunctionName: &t.settings.function, Name: aws.String(marker), FunctionVersion: aws.String("$LATEST"),
		Description: aws.String(memoryNote + strconv.Itoa(memory)),
	})
	return &marks{t: t, memory: memory}, err
}

// publish makes a version of one memory size and its alias.
func (m *marks) publish(ctx context.Context, mb int) error {
	t, name := m.t, &m.t.settings.function
	m.changed = true
	if err := t.setMemory(ctx, mb); err != nil {
		return err
	}
	// Not to be cut off in the middle: a call that the service carries out
	// after undo has looked would leave its version behind.
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	v, err := t.lambda.PublishVersion(whole, &lambda.PublishVersionInput{FunctionName: name, Description: aws.String(versionNote)})
	if err != nil {
		return err
	}
	_, err = t.lambda.CreateAlias(whole, &lambda.CreateAliasInput{
		FunctionName: name, Name: aws.String(aliasOf(mb)), FunctionVersion: v.Version, Description: aws.String(versionNote),
	})
	if err != nil {
		return err
	}
	return t.wait(ctx, v.Version)
}

// restoreMemory gives $LATEST its memory size back.
func (m *marks) restoreMemory(ctx context.Context) error {
	if !m.changed {
		return nil
	}
	if err := m.t.setMemory(ctx, m.memory); err != nil {
		return err
	}
	m.changed = false
	return nil
}

// undo restores everything; the marker goes last and only if all else worked.
func (m *marks) undo(ctx context.Context) error {
	err := m.restoreMemory(ctx)
	if err == nil {
		m.t.progress("memory of $LATEST is %d MB, as before", m.memory)
	}
	return errors.Join(err, m.t.cleanUp(ctx, err == nil))
}

// cleanUp deletes the aliases of a run, then the versions that were made for it.
func (t *tuner) cleanUp(ctx context.Context, withMarker bool) error {
	name := &t.settings.function
	var errs []error
	aliases := lambda.NewListAliasesPaginator(t.lambda, &lambda.ListAliasesInput{FunctionName: name})
	for aliases.HasMorePages() {
		page, err := aliases.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, a := range page.Aliases {
			if strings.HasPrefix(aws.ToString(a.Name), marker+"-") && aws.ToString(a.Description) == versionNote {
				_, err := t.lambda.DeleteAlias(ctx, &lambda.DeleteAliasInput{FunctionName: name, Name: a.Name})
				errs = append(errs, err)
			}
		}
	}
	versions := lambda.NewListVersionsByFunctionPaginator(t.lambda, &lambda.ListVersionsByFunctionInput{FunctionName: name})
	for versions.HasMorePages() {
		page, err := versions.NextPage(ctx)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, v := range page.Versions {
			// Without a version, DeleteFunction deletes the function.
			if n := aws.ToString(v.Version); aws.ToString(v.Description) == versionNote && n != "" && n != "$LATEST" {
				_, err := t.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name, Qualifier: &n})
				errs = append(errs, err)
			}
		}
	}
	if err := errors.Join(errs...); err != nil || !withMarker {
		return err
	}
	_, err := t.lambda.DeleteAlias(ctx, &lambda.DeleteAliasInput{FunctionName: name, Name: aws.String(marker)})
	return err
}

// setMemory changes $LATEST and waits until the change is in force.
func (t *tuner) setMemory(ctx context.Context, mb int) error {
	for {
		_, err := t.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: &t.settings.function, MemorySize: aws.Int32(int32(mb))})
		var busy *types.ResourceConflictException // an update is in progress
		if !errors.As(err, &busy) {
			if err != nil {
				return err
			}
			return t.wait(ctx, nil)
		}
		if err := t.world.pause(ctx, time.Second); err != nil {
			return err
		}
	}
}

// wait waits until a version, or $LATEST for nil, is active and updated.
func (t *tuner) wait(ctx context.Context, version *string) error {
	for {
		c, err := t.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &t.settings.function, Qualifier: version})
		if err != nil {
			return err
		}
		switch {
		case c.State == types.StateFailed:
			return fmt.Errorf("the function is in the state %s: %s", c.State, aws.ToString(c.StateReason))
		case c.LastUpdateStatus == types.LastUpdateStatusFailed:
			return fmt.Errorf("the update failed: %s", aws.ToString(c.LastUpdateStatusReason))
		case c.State != types.StatePending && c.LastUpdateStatus != types.LastUpdateStatusInProgress:
			return nil
		}
		if err := t.world.pause(ctx, time.Second); err != nil {
			return err
		}
	}
}

// leftover returns the memory size that a killed run has left word of, 0 if there
// is no such run.
func (t *tuner) leftover(ctx context.Context) (int, error) {
	a, err := t.lambda.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &t.settings.function, Name: aws.String(marker)})
	var none *types.ResourceNotFoundException
	if errors.As(err, &none) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	mb, err := strconv.Atoi(strings.TrimPrefix(aws.ToString(a.Description), memoryNote))
	if err != nil || mb < minMemory || mb > maxMemory {
		return 0, fmt.Errorf("the function has an alias %q that is not this program's; it needs that name", marker)
	}
	return mb, nil
}

func (t *tuner) refuseLeftover(ctx context.Context) error {
	mb, err := t.leftover(ctx)
	if err == nil && mb > 0 {
		return fmt.Errorf("a run is under way, or one was killed: memory of $LATEST was %d MB before it; undo it with -restore %s", mb, t.settings.function)
	}
	return err
}

// restoreLeftover undoes what a killed run left.
func (t *tuner) restoreLeftover(ctx context.Context) error {
	mb, err := t.leftover(ctx)
	if err != nil {
		return err
	}
	if mb == 0 {
		t.progress("nothing to restore")
		return nil
	}
	return (&marks{t: t, memory: mb, changed: true}).undo(ctx)
}

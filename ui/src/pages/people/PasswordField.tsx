import { Button, TextInput } from '../../components/kit';
import { useState } from 'react';
import { Icon } from '../../components/Icon';
import css from './Form.module.css';
import { newPassword } from './words';

/** A password that can be shown, pasted, kept by a password manager, and made up by the browser. */
export function PasswordField({
  label,
  value,
  onChange,
  description,
  error,
  fresh = false,
  required = false,
  autoFocus = false,
}: {
  label: string;
  value: string;
  onChange: (v: string) => void;
  description?: string;
  error?: string | undefined;
  /** A new password: it can be generated, and the browser offers to keep it. */
  fresh?: boolean;
  required?: boolean;
  autoFocus?: boolean;
}) {
  const [shown, setShown] = useState(false);
  return (
    <div className={css.password}>
      <TextInput
        label={label}
        description={description}
        error={error}
        type={shown ? 'text' : 'password'}
        value={value}
        required={required}
        onChange={(e) => onChange(e.currentTarget.value)}
        autoComplete={fresh ? 'new-password' : 'current-password'}
        autoCapitalize="none"
        spellCheck={false}
        maxLength={1024}
        {...(autoFocus ? { 'data-autofocus': true } : {})}
      />
      <Button
        leftSection={<Icon name="eye" />}
        aria-pressed={shown}
        aria-label={`Show: ${label}`}
        onClick={() => setShown(!shown)}
      >
        {shown ? 'Hide' : 'Show'}
      </Button>
      {fresh ? (
        <Button
          leftSection={<Icon name="key" />}
          onClick={() => {
            onChange(newPassword());
            setShown(true);
          }}
        >
          Generate
        </Button>
      ) : null}
    </div>
  );
}

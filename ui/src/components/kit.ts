// The parts of Mantine that pages use. They come with their styles, with the first page that wants one: the board does not.
import '../theme/kit.css';

export { Button, Checkbox, Modal, Switch, Textarea, TextInput } from '@mantine/core';

import { createApp } from 'vue';
import App from './App.vue';
import { finishSignIn } from './sign-in';

const user = await finishSignIn();
createApp(App, { user }).mount('#app');
